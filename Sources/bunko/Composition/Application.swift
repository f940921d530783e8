import Accounts
import Cache
import ContextAssembly
@_spi(CompositionRoot) import Domain
import EmbeddedPostgres
import Embeddings
import Extraction
import Foundation
import Hummingbird
import Ingestion
import Logging
import NIOCore
import Operations
import Postgres
@_spi(Faults) import Retrieval
import Server
import ServiceLifecycle
import Storage
import UnixSignals

/// The whole service, put together in one place: `serve` runs it, and commands that find no server run it for their duration.
struct BunkoApplication: Sendable {
    let settings: Settings
    let logger: Logger
    /// Whether this is a service for others, which needs an administrator, and not a command's own.
    var offersSetUp = false

    /// Where a running service listens, and the token that opens it to commands on the same machine.
    struct Endpoint: Sendable {
        let address: String
        let administrator: LocalAdministrator
        /// The one-time link that makes the first administrator, when there is none and it was asked for.
        let setUpLink: String?
    }

    /// Starts everything, tells where it listens, and runs until SIGTERM, SIGINT or the end of the returned group.
    func run(onListening: @escaping @Sendable (Endpoint, ServiceGroup?) async -> Void) async throws {
        // Trapped from here to the end: between the start's own watch and the service group's a signal would be lost.
        let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint])
        let vocabulary = try settings.tokenizer.map { try VocabularyFile(of: $0, in: settings.dataDirectory) }
        let host = try await startedHost()
        do {
            try await serve(host, try documentReader(vocabulary), signals, onListening)
            try await host.stop()
        } catch {
            try await host.stop()
            throw error
        }
    }

    /// The database, started and migrated. A signal that comes meanwhile, before the service group listens for signals, ends the
    /// start in good order instead of the process, so that no PostgreSQL is left behind.
    private func startedHost() async throws -> DatabaseHost {
        let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint])
        return try await withThrowingTaskGroup(of: DatabaseHost?.self) { tasks in
            tasks.addTask { try await migratedHost() }
            tasks.addTask {
                _ = await signals.first { _ in true }
                return nil
            }
            let first = try await tasks.next() ?? nil
            tasks.cancelAll()
            if let first { return first }
            // The start may have been through already when the signal came.
            if let late = try await tasks.next() ?? nil { try await late.stop() }
            throw CancellationError()
        }
    }

    private func migratedHost() async throws -> DatabaseHost {
        let host = try await DatabaseHost.start(settings, logger: logger)
        do {
            try await host.migrate(logger)
            return host
        } catch {
            try await host.stop()
            throw error
        }
    }

    /// Reads documents as the settings say. The data folder is this process's alone by now, so a vocabulary may be laid down in it.
    private func documentReader(_ vocabulary: VocabularyFile?) throws -> DocumentReader {
        var options = settings.readingOptions
        options.vocabulary = try vocabulary?.prepared()
        return try VocabularyFile.reader(options)
    }

    private func serve(
        _ host: DatabaseHost, _ documents: DocumentReader, _ signals: UnixSignalsSequence,
        _ onListening: @escaping @Sendable (Endpoint, ServiceGroup?) async -> Void
    ) async throws {
        let administrator = LocalAdministrator()
        let database = Database(
            requests: pool(host.logins.app), worker: pool(host.logins.worker, size: settings.ingestionConcurrency * 2 + 10))
        let mirror = settings.indexBackend == .memory ? mirror(of: database) : nil
        let embedder = try await embedder(database)
        let usage = UsageRecorder(database: database, scope: .system(purpose: "usage"), logger: labelled("usage"))
        let events = ProcessingEvents()
        let contents = ContentStore(directory: "\(settings.dataDirectory)/files")
        let processor = DocumentProcessor(
            isolated: IsolatedReader(command: ReadDocument.command), reader: documents)
        let worker = IngestionWorker(
            database: database, contents: contents, processor: processor, embedder: embedder, usage: usage, events: events,
            scope: .system(purpose: "ingestion"), concurrency: settings.ingestionConcurrency,
            // A file is announced as done when the index finds it; the bound only matters when it is behind. While it loads, the database
            // finds it.
            afterCommit: { token in
                if let mirror, mirror.phase == .following { await mirror.waitUntilIncluded(token, atMost: .seconds(2)) }
            },
            logger: labelled("ingestion"))
        let redis = try settings.redis.map { try RedisStore($0, logger: labelled("redis")) }
        let retriever = Retriever(
            database: database, mirror: mirror, embedder: embedder, usage: usage,
            shared: redis.map { SharedVectors($0, for: .seconds(settings.redisTimeToLive)) })
        let upkeep = Upkeep(
            database: database, scope: .system(purpose: "maintenance"), outboxLimit: .seconds(settings.outboxLimit))
        let tokens = try await AccessTokens(
            key: try settings.tokenKey.map { Array($0.utf8) } ?? SigningKeyFile.key(in: settings.dataDirectory))
        let accounts = AccountServices(
            database: database, tokens: tokens, service: .system(purpose: "accounts"), logger: labelled("accounts"))
        let setUp = offersSetUp ? try await accounts.firstAdministrator.prepare(password: settings.administratorPassword) : nil
        let dependencies = ServerDependencies(
            database: database, authenticator: Authenticator(database: database, tokens: tokens, localAdministrator: administrator),
            keys: KeyRing(database: database), accounts: accounts, contents: contents,
            intake: FileIntake(
                database: database, contents: contents, events: events,
                queue: QueueLimit(database: database, scope: .system(purpose: "intake"), most: settings.ingestionQueue)),
            knowledge: KnowledgeWriter(
                database: database, processor: processor, embedder: embedder, usage: usage,
                fetcher: PageFetcher(allowsPrivateAddresses: settings.fetchesPrivateAddresses)),
            watch: FileWatch(database: database, events: events), events: events, mirror: mirror, retriever: retriever,
            assembler: ContextAssembler(database: database, retriever: retriever), upkeep: upkeep,
            settings: InstallationSettings(database: database, scope: .system(purpose: "settings")),
            caches: CacheSources(passages: { worker.keptVectors }, redis: redis.map { store in { @Sendable in RedisFigures(store) } }))
        let group = GroupReference()
        let server = httpServer(dependencies) { address in
            let link = setUp.map { address + $0.link }
            await onListening(Endpoint(address: address, administrator: administrator, setUpLink: link), group.value)
        }
        // They end in the opposite order: usage once nobody uses a model any more, the database last.
        let services: [(any Service)?] = [
            host.cluster, StopService(signals: signals, group: group), DatabaseService(database: database), usage, redis, mirror,
            EmbeddingFollower(
                database: database, scope: .system(purpose: "embeddings"), embedder: embedder, logger: labelled("embeddings")),
            worker,
            MaintenanceService(upkeep: upkeep, contents: contents, logger: labelled("maintenance")), server,
        ]
        let running = ServiceGroup(
            configuration: .init(
                services: services.compactMap(\.self).map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet("lifecycle")))
        group.set(running)
        do {
            try await running.run()
        } catch let error as IOError where [EADDRINUSE, EADDRNOTAVAIL, EACCES].contains(error.errnoCode) {
            throw Problem(
                .environment, code: "address_unavailable",
                "The server cannot listen on \(settings.host), port \(settings.port): \(String(cString: strerror(error.errnoCode))).",
                remedy: "End the program that listens there, or choose another --port (0 takes any free one) or --host.",
                parameter: "--port",
                underlying: error)
        }
    }

    /// The provider of the model whose vectors the database has, also when that becomes another; of a new database the settings choose it.
    private func embedder(_ database: Database) async throws -> EmbedderInUse {
        let models = EmbeddingModels(settings: settings.embedding)
        let costly = try settings.costlyEmbedder.map { try CostlyEmbedder(ledger: $0) }
        let wanted = try costly?.model.id ?? models.standard
        let settled = try await database.write(.system(purpose: "settings")) { try await $0.settleEmbeddingModel(wanted) }
        let log = labelled("embeddings")
        if settled != wanted, settings.embedding.model != nil || costly != nil {
            log.warning("the knowledge has vectors of another model", metadata: ["settings": "\(wanted)", "knowledge": "\(settled)"])
        }
        @Sendable func provider(of model: String) async -> any EmbeddingProvider {
            if let costly, costly.model.id == model { return costly }
            return await models.loaded(model)
        }
        let embedder = await provider(of: settled)
        if let missing = embedder as? UnavailableEmbedder {
            log.error("there is no embedding model", metadata: ["model": "\(settled)", "reason": "\(missing.reason)"])
        }
        return EmbedderInUse(embedder, make: provider)
    }

    private func mirror(of database: Database) -> KnowledgeMirror {
        var configuration = MirrorConfiguration(folder: URL(filePath: "\(settings.dataDirectory)/index", directoryHint: .isDirectory))
        if settings.indexMemory > 0 {
            configuration.memory = .init(
                bytes: settings.indexMemory << 20,
                folder: URL(filePath: "\(settings.dataDirectory)/index/vectors", directoryHint: .isDirectory))
        }
        configuration.snapshotInterval = .seconds(settings.snapshotInterval)
        configuration.outboxLimit = .seconds(settings.outboxLimit)
        // What the database knows of a replica must be younger than what it removes.
        configuration.upkeepInterval = min(configuration.upkeepInterval, configuration.outboxLimit / 4)
        configuration.lostChanges = settings.lostChanges
        let cores = ProcessInfo.processInfo.activeProcessorCount
        configuration.workers = cores
        configuration.connections = min(4, cores)
        return KnowledgeMirror(
            database: database, scope: .system(purpose: "mirror"), configuration: configuration, logger: labelled("mirror"))
    }

    private func httpServer(
        _ dependencies: ServerDependencies, listening: @escaping @Sendable (String) async -> Void
    ) -> Application<RouterResponder<BunkoRequestContext>> {
        let host = settings.host
        return Application(
            router: bunkoRouter(dependencies, logger: labelled("http")),
            configuration: .init(address: .hostname(host, port: settings.port), serverName: "bunko"),
            onServerRunning: { channel in
                let shown = host.contains(":") ? "[\(host)]" : host
                await listening("http://\(shown):\(channel.localAddress?.port ?? 0)")
            },
            logger: quiet("server"))
    }

    private func pool(_ login: PostgresConfiguration, size: Int = 20) -> PostgresPool {
        var options = PoolOptions()
        options.size = size
        return PostgresPool(configuration: login, options: options, logger: labelled("postgres"))
    }

    private func labelled(_ part: String) -> Logger {
        var logger = Logger(label: "bunko.\(part)")
        logger.logLevel = self.logger.logLevel
        return logger
    }

    /// A library's own remarks on its work, of which only warnings matter to an operator.
    private func quiet(_ part: String) -> Logger {
        var logger = labelled(part)
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}

/// Ends the group in good order for a signal that came before the group itself listened for one.
private struct StopService: Service {
    let signals: UnixSignalsSequence
    let group: GroupReference

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in signals { await group.value?.triggerGracefulShutdown() }
        }
    }
}

/// Owns the connection pools as a service: the last user of them stops before it.
private struct DatabaseService: Service {
    let database: Database

    func run() async throws {
        await cancelWhenGracefulShutdown { await database.run() }
        await database.close()
    }
}
