public import Domain
public import Foundation
import Postgres

/// What follows from a passage's text.
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
            ("content_sha256", "\(sha256.bytes)"), ("token_count", "\(Int32(clamping: tokenCount))"),
        ]
    }
}

extension Transaction {
    /// Adds a passage that comes from no file.
    public func addKnowledge(
        _ members: [String: JSONValue], _ content: KnowledgeContent, to assistant: AssistantID
    ) async throws -> ResourceRow {
        var members = members
        members["assistant_id"] = .string(assistant.description)
        return try await create(.knowledge, members, fixed: content.assignments)
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
