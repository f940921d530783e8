public import Domain
public import Foundation
import Postgres

/// What follows from a passage's text, which stands for itself: nothing is embedded in front of it.
public struct KnowledgeContent: Sendable {
    public var embedding: [Float]
    public var embeddingModel: String
    public var sha256: ContentDigest
    public var tokenCount: Int

    public init(embedding: [Float], embeddingModel: String, sha256: ContentDigest, tokenCount: Int) {
        self.embedding = embedding
        self.embeddingModel = embeddingModel
        self.sha256 = sha256
        self.tokenCount = tokenCount
    }

    fileprivate var assignments: [(column: String, value: SQL)] {
        [
            ("embedding", "\(PostgresVector(embedding))"), ("embedding_model", "\(embeddingModel)"),
            ("context", "''"), ("content_sha256", "\(sha256.bytes)"), ("token_count", "\(Int32(clamping: tokenCount))"),
        ]
    }
}

extension Transaction {
    /// Adds a passage that comes from no file.
    /// - Parameter assistant: nil for knowledge shared with everybody, which the system user has.
    public func addKnowledge(
        _ members: [String: JSONValue], _ content: KnowledgeContent, to assistant: AssistantID?
    ) async throws -> ResourceRow {
        var members = members
        members["assistant_id"] = assistant.map { .string($0.description) }
        return try await create(.knowledge, members, fixed: content.assignments)
    }

    /// Replaces the passages that an earlier reading of this address gave the assistant by those staged in this transaction
    /// (``stage(_:)``), of the document as it is now.
    /// - Parameters:
    ///   - members: `tags` and `metadata` of the passages.
    ///   - assistant: nil for knowledge shared with everybody, which the system user has.
    public func putPage(
        _ page: ProcessedFile, from url: String, _ members: [String: JSONValue], to assistant: AssistantID?
    ) async throws {
        let user = try scope.userID
        let given = Dictionary(
            uniqueKeysWithValues: try Resource.knowledge.assignments(members, on: .update).map { ($0.column.member, $0.value) })
        // Two readings at once would each miss the other's rows.
        try await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(\("\(user) \(assistant?.description ?? "") \(url)"), 0))")
        try await connection.execute(
            """
            DELETE FROM knowledge_base
            WHERE user_id = \(user) AND secretary_id IS NOT DISTINCT FROM \(assistant) AND file_id IS NULL AND ordinal IS NOT NULL
                AND source_url = \(url)
            """)
        try await connection.execute(
            """
            INSERT INTO knowledge_base (user_id, secretary_id, ordinal, content, context, embedding, embedding_model, content_sha256, token_count,
                heading_path, page_from, page_to, char_start, char_end, source_type, source_url, tags, metadata)
            SELECT \(user), \(assistant), ordinal, content, context, embedding, \(page.embeddingModel), content_sha256, token_count,
                heading_path, page_from, page_to, char_start, char_end, \(page.sourceType), \(url), \(given["tags"] ?? "'{}'"),
                jsonb_strip_nulls(jsonb_build_object('title', \(page.title)::text)) || coalesce(\(given["metadata"] ?? "NULL")::jsonb, '{}')
            FROM pg_temp.knowledge_staging ORDER BY ordinal
            """)
    }

    /// Whose passage of the scope's user it is; nil for what all assistants share.
    /// - Throws: `not_found`.
    public func assistant(ofKnowledge id: UUID) async throws -> AssistantID? {
        guard try await owns(.knowledge, id) else { throw Resource.knowledge.notFound(id) }
        let rows = try await connection.query(
            "SELECT secretary_id FROM knowledge_base WHERE user_id = \(try scope.userID) AND id = \(id)")
        return try rows.first?.decode("secretary_id", as: AssistantID?.self) ?? nil
    }

    /// Changes a passage of the scope's user.
    /// - Throws: `conflict` when its content is that of a file; `precondition_failed`, `not_found`, `invalid_request`.
    public func updateKnowledge(
        _ id: UUID, _ members: [String: JSONValue], _ content: KnowledgeContent?, version: String?
    ) async throws -> ResourceRow {
        if content != nil {
            let rows = try await connection.query(
                "SELECT file_id FROM knowledge_base WHERE user_id = \(try scope.userID) AND id = \(id) AND file_id IS NOT NULL")
            guard rows.isEmpty else {
                throw Problem(
                    .conflict, code: "content_of_file", "The passage was cut from a file, so its content follows the file's.",
                    remedy: "Upload the changed file.", parameter: "content")
            }
        }
        return try await update(.knowledge, id, members, version: version, fixed: content?.assignments ?? [])
    }
}
