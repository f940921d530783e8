import Domain
import Embeddings
import Foundation
import Postgres
import Retrieval
import Storage
import TestSupport

/// A mirror that follows a test's database, and a retriever on it.
struct RetrievalService: Sendable {
    let db: TestDatabase
    let mirror: KnowledgeMirror
    let retriever: Retriever

    /// Stores texts as passages of a user's assistant with real vectors, by plain SQL.
    func insert(_ texts: [String], for user: TestUser) async throws -> [ChunkID] {
        let vectors = try await HashingEmbedder().embed(texts, purpose: .passage)
        var ids: [ChunkID] = []
        for (text, vector) in zip(texts, vectors) {
            ids.append(try await db.insertPassage(text, embedding: vector, for: user))
        }
        return ids
    }

    /// Stores a text as shared knowledge, which only an administrator can.
    func insertShared(_ text: String) async throws -> ChunkID {
        let vector = try await HashingEmbedder().embed([text], purpose: .passage)[0]
        let rows = try await db.administrate(
            """
            INSERT INTO knowledge_base (user_id, content, embedding) VALUES (\(UserID.system), \(text), \(PostgresVector(vector)))
            RETURNING id
            """)
        guard let id = try rows.first?.decode(ChunkID.self) else { throw TestFailure("no row came back") }
        return id
    }

    func search(_ text: String, k: Int = 5, filter: Filter? = nil, as user: TestUser) async throws -> RetrievalResult {
        try await retriever.search(text, RetrievalQuery(k: k, filter: filter), assistant: user.assistant.id.description, scope: user.scope)
    }
}

/// Lends the service once its mirror follows; ends the mirror afterwards.
func withRetrieval<R>(isolation: isolated (any Actor)? = #isolation, _ body: (RetrievalService) async throws -> R) async throws -> R {
    try await withTestDatabase { db in
        try await withMirror(db) { mirror in
            let retriever = Retriever(
                database: db.database, mirror: mirror, embedder: EmbedderInUse(HashingEmbedder()),
                usage: UsageRecorder(database: db.database, scope: db.system, logger: .silent))
            return try await body(RetrievalService(db: db, mirror: mirror, retriever: retriever))
        }
    }
}

/// Lends a mirror that follows, and waits afterwards until it has left.
@discardableResult
func withMirror<R>(
    _ db: TestDatabase, folder: String? = nil, isolation: isolated (any Actor)? = #isolation,
    adjust: (inout MirrorConfiguration) -> Void = { _ in }, _ body: (KnowledgeMirror) async throws -> R
) async throws -> R {
    var configuration = MirrorConfiguration(folder: folder.map { URL(filePath: $0 + "/index", directoryHint: .isDirectory) })
    adjust(&configuration)
    let mirror = KnowledgeMirror(database: db.database, scope: db.system, configuration: configuration, logger: .silent)
    let running = Task { try await mirror.run() }
    do {
        guard try await eventually({ mirror.phase == .following }) else { throw TestFailure("the mirror did not load") }
        let value = try await body(mirror)
        running.cancel()
        try await running.value
        return value
    } catch {
        running.cancel()
        _ = await running.result
        throw error
    }
}
