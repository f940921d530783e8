import Cache
import Configuration
import Domain
import Extraction
import Foundation
import Retrieval
import SystemPackage

/// What the process was told, from flags, environment and file, in this order of precedence.
struct Settings: Sendable {
    var dataDirectory: String
    /// Nil: a private PostgreSQL under the data folder.
    var databaseURL: String?
    var host: String
    var port: Int
    /// Files processed at a time by the server.
    var ingestionConcurrency: Int
    /// Files that may wait to be processed.
    var ingestionQueue: Int
    /// How documents are read and cut.
    var readingOptions: ReadingOptions
    /// How texts get their vectors.
    var embedding: EmbeddingSettings
    /// A language model's vocabulary, `.tiktoken` or `tokenizer.json`, whose tokens passages are measured in; nil: they are estimated.
    var tokenizer: String?
    /// Where to look for PostgreSQL first, before the usual places.
    var postgresDirectory: String?
    var logLevel: String
    /// Signs access tokens, the same on all replicas; nil: a key of this data folder's own.
    var tokenKey: String?
    /// Whether knowledge may be fetched from this machine and its network, too.
    var fetchesPrivateAddresses: Bool
    /// Whether vectors are compared in memory or by the database.
    var indexBackend: RetrievalBackend
    /// Memory for the index, in MiB; 0: as much as it needs.
    var indexMemory: Int
    /// The Redis server through which servers share what they remember; nil: each remembers for itself.
    var redis: RedisAddress?
    /// How long a question's vectors are kept there, in seconds.
    var redisTimeToLive: Int
    /// Between two snapshots of the index, in seconds.
    var snapshotInterval: Int
    /// How long the outbox keeps what a replica has not seen, in seconds.
    var outboxLimit: Int
    /// One in so many changes is lost to the index, for tests of faults; in debug builds alone.
    var lostChanges: Int?
    /// A file that takes down what an embedder was asked whose vectors are taken to cost something, for tests of faults; in debug builds
    /// alone.
    var costlyEmbedder: String?
    /// Makes the first administrator, `admin`; nil: by a one-time link.
    var administratorPassword: String?

    static let defaultPort = 8787
    private static let leastIndexMemory = 64
    /// An upload's size was checked when it came, by a setting that changes; the reader's own limit is that setting's largest value.
    static let readingLimits = ExtractionLimits(maximumBytes: 1 << 30)

    /// - Throws: `configuration` when the file cannot be read or a value is out of range.
    init(_ options: GlobalOptions, host: String? = nil, port: Int? = nil) async throws {
        let environment = EnvironmentVariablesProvider()
        var providers: [any ConfigProvider] = [environment.prefixKeys(with: "bunko")]
        if let path = options.config { providers.append(try await Self.file(path)) }
        let reader = ConfigReader(providers: providers)
        let standard = ConfigReader(provider: environment)
        let data = options.data ?? reader.string(forKey: "data") ?? Self.defaultDataDirectory
        dataDirectory = Self.absolute(data)
        databaseURL =
            options.databaseURL ?? reader.string(forKey: "database.url", isSecret: true)
            ?? standard.string(forKey: "database.url", isSecret: true)
        self.host = host ?? reader.string(forKey: "host", default: "127.0.0.1")
        self.port = port ?? reader.int(forKey: "port", default: Self.defaultPort)
        ingestionConcurrency = reader.int(forKey: "ingestion.concurrency", default: max(2, ProcessInfo.processInfo.activeProcessorCount))
        ingestionQueue = reader.int(forKey: "ingestion.queue", default: 10_000)
        readingOptions = try Self.readingOptions(reader)
        embedding = try EmbeddingSettings(reader)
        tokenizer = reader.string(forKey: "chunking.tokenizer").map(Self.absolute)
        postgresDirectory = reader.string(forKey: "postgres.directory")
        logLevel = options.verbose ? "debug" : reader.string(forKey: "log.level", default: "info")
        tokenKey = reader.string(forKey: "jwt.key", isSecret: true)
        fetchesPrivateAddresses = reader.bool(forKey: "fetch.private", default: false)
        let backend = reader.string(forKey: "index.backend", default: RetrievalBackend.memory.rawValue)
        guard let known = RetrievalBackend(rawValue: backend) else {
            throw Problem(
                .configuration, code: "invalid_backend", "index.backend is \"\(backend)\"; it must be memory or pgvector.",
                parameter: "index.backend")
        }
        indexBackend = known
        indexMemory = reader.int(forKey: "index.memory", default: max(Self.leastIndexMemory, MachineMemory.bytes >> 21))
        let redisURL = reader.string(forKey: "redis.url", isSecret: true) ?? standard.string(forKey: "redis.url", isSecret: true) ?? ""
        redis = redisURL.isEmpty ? nil : try RedisAddress(url: redisURL)
        redisTimeToLive = reader.int(forKey: "redis.ttl", default: 604_800)
        snapshotInterval = reader.int(forKey: "index.snapshot.interval", default: 600)
        outboxLimit = reader.int(forKey: "index.outbox.limit", default: 86_400)
        #if DEBUG
            lostChanges = reader.int(forKey: "fault.lost.changes")
            costlyEmbedder = reader.string(forKey: "fault.costly.embedder")
        #endif
        administratorPassword = reader.string(forKey: "admin.password", isSecret: true)
        try check()
    }

    /// As root `/var/lib/bunko`, because the unprivileged user PostgreSQL runs as cannot enter root's home.
    static var defaultDataDirectory: String {
        guard getuid() != 0 else { return "/var/lib/bunko" }
        let share = ProcessInfo.processInfo.environment["XDG_DATA_HOME"] ?? "\(NSHomeDirectory())/.local/share"
        return "\(share)/bunko"
    }

    private static func absolute(_ path: String) -> String {
        URL(filePath: (path as NSString).expandingTildeInPath).standardizedFileURL.path(percentEncoded: false)
    }

    private static func file(_ path: String) async throws -> FileProvider<YAMLSnapshot> {
        do {
            return try await FileProvider<YAMLSnapshot>(filePath: FilePath(path))
        } catch {
            throw Problem(
                .configuration, code: "config_unreadable", "The configuration file \(path) cannot be read: \(error).",
                remedy: "Check the path and its YAML.", parameter: "--config", underlying: error)
        }
    }

    private static func readingOptions(_ reader: ConfigReader) throws(Problem) -> ReadingOptions {
        var options = ReadingOptions(limits: readingLimits)
        options.ocrLanguages = (reader.string(forKey: "ocr.languages") ?? "").split(whereSeparator: { ", +".contains($0) }).map(String.init)
        guard options.ocrLanguages.allSatisfy({ $0.utf8.count <= 20 && $0.allSatisfy { $0.isLetter || $0 == "_" } }) else {
            throw Problem(
                .configuration, code: "invalid_languages",
                "ocr.languages is \"\(options.ocrLanguages.joined(separator: ","))\"; it names languages as tesseract does, such as eng,jpn,kor.",
                parameter: "ocr.languages")
        }
        let target = reader.int(forKey: "chunking.target", default: options.chunking.targetTokens)
        options.chunking = ChunkingConfiguration(targetTokens: target)
        let allowed = ChunkingConfiguration.allowedTargets
        guard allowed.contains(target) else {
            throw Problem(
                .configuration, code: "invalid_chunk_size",
                "chunking.target is \(target) tokens; it must be between \(allowed.lowerBound) and \(allowed.upperBound).",
                parameter: "chunking.target")
        }
        return options
    }

    private func check() throws(Problem) {
        _ = try EmbeddingModels(settings: embedding).standard
        guard (0...65_535).contains(port) else {
            throw Problem(.configuration, code: "invalid_port", "The port is \(port); it must be between 0 and 65535.", parameter: "--port")
        }
        guard (1...64).contains(ingestionConcurrency) else {
            throw Problem(
                .configuration, code: "invalid_concurrency",
                "ingestion.concurrency is \(ingestionConcurrency); it must be between 1 and 64.",
                parameter: "ingestion.concurrency")
        }
        guard (1...10_000_000).contains(ingestionQueue) else {
            throw Problem(
                .configuration, code: "invalid_queue", "ingestion.queue is \(ingestionQueue); it must be between 1 and 10000000.",
                parameter: "ingestion.queue")
        }
        guard indexMemory == 0 || (Self.leastIndexMemory...1 << 24).contains(indexMemory) else {
            throw Problem(
                .configuration, code: "invalid_memory",
                "index.memory is \(indexMemory) MiB; it must be between \(Self.leastIndexMemory) and 16777216, or 0 for as much as the index needs.",
                parameter: "index.memory")
        }
        let intervals = [
            ("redis.ttl", redisTimeToLive), ("index.snapshot.interval", snapshotInterval), ("index.outbox.limit", outboxLimit),
        ]
        for (name, seconds) in intervals {
            guard (1...31_536_000).contains(seconds) else {
                throw Problem(
                    .configuration, code: "invalid_interval", "\(name) is \(seconds) seconds; it must be between 1 and 31536000.",
                    parameter: name)
            }
        }
    }
}
