import Accounts
import ContextAssembly
import Domain
import Embeddings
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Extraction
import Ingestion
import Operations
import Logging
import NIOCore
import Retrieval
import Storage
import TestSupport
import Testing

@testable import Server

/// The product's router over a test's database, asked through HTTP on a real socket as two users with keys of their own.
struct LiveAPI: Sendable {
    let db: TestDatabase
    let usage: UsageRecorder
    let client: any TestClientProtocol
    let router: [String]
    /// Where the content store is.
    let folder: String
    let alice: String
    let bob: String

    /// Answers of the 500s are told with their cause, which the client must not see.
    private static let errors: Logger = {
        var logger = Logger(label: "api") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }()

    /// Lends the API with its mirror and worker running.
    /// - Parameters:
    ///   - fetcher: fetches the documents of the web that knowledge is added from.
    ///   - embedder: makes every vector.
    ///   - queue: most jobs that may wait.
    static func with<R: Sendable>(
        fetcher: PageFetcher = PageFetcher(), embedder: any EmbeddingProvider = HashingEmbedder(), queue: Int = 10_000,
        _ body: @escaping @Sendable (LiveAPI) async throws -> R
    ) async throws -> R {
        try await withTestDatabase { db in
            try await withFolder { folder in
                let mirror = KnowledgeMirror(database: db.database, scope: db.system, logger: .silent)
                let usage = UsageRecorder(database: db.database, scope: db.system, interval: .milliseconds(50), logger: .silent)
                let events = ProcessingEvents()
                let contents = ContentStore(directory: folder)
                let processor = DocumentProcessor(isolated: IsolatedReader(command: [bunkoProgram, "read-document"]))
                let worker = IngestionWorker(
                    database: db.database, contents: contents, processor: processor, embedder: EmbedderInUse(embedder), usage: usage,
                    events: events, scope: db.system, concurrency: 1,
                    afterCommit: { token in _ = await mirror.waitUntilIncluded(token, atMost: .seconds(5)) },
                    logger: .silent)
                let retriever = Retriever(database: db.database, mirror: mirror, embedder: EmbedderInUse(embedder), usage: usage)
                let keys = KeyRing(database: db.database)
                let tokens = try await AccessTokens(key: Array(repeating: 7, count: AccessTokens.minimumKeyBytes))
                let router = bunkoRouter(
                    ServerDependencies(
                        database: db.database, authenticator: Authenticator(database: db.database, tokens: tokens), keys: keys,
                        accounts: AccountServices(database: db.database, tokens: tokens, service: db.system, logger: .silent),
                        contents: contents,
                        intake: FileIntake(
                            database: db.database, contents: contents, events: events,
                            queue: QueueLimit(database: db.database, scope: db.system, most: queue)),
                        knowledge: KnowledgeWriter(
                            database: db.database, processor: processor, embedder: EmbedderInUse(embedder), usage: usage, fetcher: fetcher),
                        watch: FileWatch(database: db.database, events: events), events: events, mirror: mirror, retriever: retriever,
                        assembler: ContextAssembler(database: db.database, retriever: retriever),
                        upkeep: Upkeep(database: db.database, scope: db.system),
                        settings: InstallationSettings(database: db.database, scope: db.system),
                        caches: CacheSources(passages: { worker.keptVectors }, redis: nil)),
                    logger: errors)
                let permissions = Set(Permission.allCases)
                let alice = try await keys.create(db.alice.scope, name: "test", permissions: permissions).key
                let bob = try await keys.create(db.bob.scope, name: "test", permissions: permissions).key
                let running = [
                    Task { try await mirror.run() }, Task { try await worker.run() }, Task { try await usage.run() },
                ]
                defer { for task in running { task.cancel() } }
                guard try await eventually({ mirror.phase == .following }) else { throw TestFailure("the mirror did not load") }
                let routes = router.routes.map { "\($0.method) \($0.path)" }
                return try await Application(router: router, logger: .silent).test(.live) { client in
                    try await body(
                        LiveAPI(db: db, usage: usage, client: client, router: routes, folder: folder, alice: alice, bob: bob))
                }
            }
        }
    }

    /// Sends one request, as Alice unless told otherwise.
    func send(
        _ method: HTTPRequest.Method, _ path: String, _ json: String? = nil, as key: String? = nil, headers: [String: String] = [:]
    ) async throws -> Reply {
        var fields = HTTPFields()
        fields[.authorization] = "Bearer \(key ?? alice)"
        if json != nil { fields[.contentType] = "application/json" }
        for (name, value) in headers {
            guard let name = HTTPField.Name(name) else { continue }
            fields[name] = value
        }
        let response = try await client.execute(uri: path, method: method, headers: fields, body: json.map { ByteBuffer(string: $0) })
        return Reply(status: response.status.code, headers: response.headers, text: String(buffer: response.body))
    }

    /// Creates a row and returns its id.
    @discardableResult
    func make(_ path: String, _ json: String, as key: String? = nil) async throws -> String {
        let reply = try await send(.post, path, json, as: key)
        guard reply.status == 201 else { throw TestFailure("POST \(path) \(json): \(reply.status) \(reply.text)") }
        return try reply.string("id")
    }

    /// Every row of Alice's in every table, as the administrator sees it. The time of a key's last use is no secret of a row.
    func rowsOfAlice() async throws -> [String] {
        let tables = try await db.administrate(
            """
            SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id'
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
            """
        ).map { try $0.decode(String.self) }
        var rows: [String] = []
        for table in tables {
            rows += try await db.administrate(
                """
                SELECT \(table) || ' ' || (to_jsonb(t) - 'last_used_at')::text FROM \(identifier: table) t
                WHERE user_id = \(db.alice.id) ORDER BY 1
                """
            ).map { try $0.decode(String.self) }
        }
        return rows
    }
}

/// An answer, read whole.
struct Reply: Sendable {
    let status: Int
    let headers: HTTPFields
    let text: String

    var version: String? { headers[.eTag] }

    func object() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "no JSON object: \(text)")
    }

    func string(_ member: String) throws -> String {
        try #require(try object()[member] as? String, "no text \"\(member)\": \(text)")
    }

    func number(_ member: String) throws -> Int {
        try #require(try object()[member] as? Int, "no number \"\(member)\": \(text)")
    }

    /// The ids of a list.
    func ids() throws -> [String] {
        let data = try #require(try object()["data"] as? [[String: Any]], "no list: \(text)")
        return data.compactMap { $0["id"] as? String }
    }

    var code: String { (try? string("code")) ?? "" }
}
