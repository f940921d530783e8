import Domain
import Embeddings
import Extraction
import Ingestion
import Storage
import TestSupport

/// The rooms from an upload to its passages, over a test's database.
struct IngestionService: Sendable {
    let db: TestDatabase
    let folder: String
    let contents: ContentStore
    let events = ProcessingEvents()

    init(_ db: TestDatabase, folder: String) {
        self.db = db
        self.folder = folder
        contents = ContentStore(directory: folder)
    }

    var intake: FileIntake { FileIntake(database: db.database, contents: contents, events: events) }

    func worker(
        embedder: any EmbeddingProvider = HashingEmbedder(), reader: [String] = [bunkoProgram, "read-document"]
    ) -> IngestionWorker {
        IngestionWorker(
            database: db.database, contents: contents,
            processor: DocumentProcessor(isolated: IsolatedReader(command: reader)), embedder: EmbedderInUse(embedder),
            usage: UsageRecorder(database: db.database, scope: db.system, logger: .silent), events: events,
            scope: db.system,
            concurrency: 2, afterCommit: { _ in }, logger: .silent)
    }

    func upload(_ name: String, _ bytes: [UInt8], retryFailed: Bool = false) async throws -> (file: StoredFile, outcome: FileOutcome) {
        let accepted = try await intake.accept(
            Upload(name: name, bytes: bytes, retryFailed: retryFailed), into: db.alice.assistant.id, scope: db.alice.scope)
        return (accepted.file, accepted.outcome)
    }

    func upload(_ name: String, _ text: String) async throws -> (file: StoredFile, outcome: FileOutcome) {
        try await upload(name, Array(text.utf8))
    }

    /// The file once the worker has ended it.
    func finished(_ id: FileID) async throws -> StoredFile {
        try await FileWatch(database: db.database, events: events).file(id, scope: db.alice.scope, waiting: .seconds(60))
    }

    /// Ends the session that holds the worker's lock, as a broken connection would.
    func breakLock() async throws {
        try await db.administrate(
            """
            SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """)
    }

    /// Ends all sessions of the service, as a database that dies would.
    func breakSessions() async throws {
        try await db.administrate(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND usename IN ('bunko_app', 'bunko_worker')
            """)
    }

    /// The files that are not done, with all that says why.
    func unfinished() async throws -> [String] {
        try await db.administrate(
            """
            SELECT concat_ws(' ', f.file_name, f.processing_state, j.state, j.claimed_by, j.attempts, f.failure_code, j.updated_at, now())
            FROM files f JOIN jobs j ON j.user_id = f.user_id AND j.file_id = f.id WHERE f.processing_state <> 'done'
            """
        ).map { try $0.decode(String.self) }
    }

    func passages() async throws -> [StoredPassage] {
        try await db.administrate("SELECT content, char_start, char_end FROM knowledge_base ORDER BY file_id, ordinal").map { row in
            let (content, start, end) = try row.decode(String.self, Int32.self, Int32.self)
            return StoredPassage(content: content, start: Int(start), end: Int(end))
        }
    }
}

struct StoredPassage: Equatable {
    let content: String
    let start: Int
    let end: Int
}

/// Lends the service, with a worker running when asked for; ends the worker afterwards.
func withService<R>(
    working: Bool = true, isolation: isolated (any Actor)? = #isolation, _ body: (IngestionService) async throws -> R
) async throws -> R {
    try await withTestDatabase { db in
        try await withFolder { folder in
            let service = IngestionService(db, folder: folder)
            let worker = working ? Task { try await service.worker().run() } : nil
            let result: R
            do {
                result = try await body(service)
            } catch {
                await stop(worker)
                throw error
            }
            await stop(worker)
            return result
        }
    }
}

func stop(_ worker: Task<Void, any Error>?) async {
    worker?.cancel()
    _ = await worker?.result
}

/// Embeds only once it is let through, so that a test can act in the middle of a file.
struct HeldEmbedder: EmbeddingProvider {
    let inner = HashingEmbedder()
    let reached: AsyncStream<Void>.Continuation
    var model: EmbeddingModel { inner.model }

    func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] {
        reached.yield()
        try await Task.sleep(for: .seconds(600))
        return try await inner.embed(texts, purpose: purpose)
    }
}
