public import Domain
import Postgres

/// A row with its vectors of both generations.
public struct PairedRow: Sendable {
    public let id: ChunkID
    /// Nil for shared knowledge.
    public let assistant: AssistantID?
    /// Of the file that it was cut from.
    public let fileName: String?
    public let live: [Float]
    public let shadow: [Float]
}

/// What somebody asked an assistant.
public struct AskedQuestion: Sendable {
    public let text: String
    public let userID: UserID
    public let assistant: AssistantID
}

extension Database {
    /// Reads every row that has vectors of these models as its live and its shadow one, as of one moment, a batch at a time.
    /// - Parameter scope: a system scope.
    public func forEachPairedRow(
        _ scope: Scope, live: String, shadow: String, batchSize: Int, isolation: isolated (any Actor)? = #isolation,
        _ body: ([PairedRow]) async throws -> Void
    ) async throws {
        try await readSnapshot(scope) { transaction in
            var batch: [PairedRow] = []
            let rows = transaction.connection.copyOut(
                """
                SELECT k.id, k.secretary_id, (SELECT f.file_name::text FROM files f WHERE f.user_id = k.user_id AND f.id = k.file_id), k.embedding,
                    k.embedding_shadow
                FROM knowledge_base k
                WHERE k.embedding IS NOT NULL AND k.embedding_shadow IS NOT NULL AND k.embedding_model = \(live) AND k.embedding_shadow_model = \(shadow)
                """)
            for try await row in rows {
                let (id, assistant, file, live, shadow) = try row.decode(
                    ChunkID.self, AssistantID?.self, String?.self, PostgresVector.self, PostgresVector.self)
                batch.append(PairedRow(id: id, assistant: assistant, fileName: file, live: live.values, shadow: shadow.values))
                guard batch.count >= batchSize else { continue }
                try await body(batch)
                batch.removeAll(keepingCapacity: true)
            }
            if !batch.isEmpty { try await body(batch) }
        }
    }
}

extension Transaction {
    /// What users asked assistants last, the latest first; for the service's own scope.
    /// - Parameter assistant: the only one that counts; nil for all.
    public func latestQuestions(to assistant: AssistantID?, limit: Int) async throws -> [AskedQuestion] {
        let condition: SQL = assistant.map { "c.assistant_id = \($0)" } ?? "c.assistant_id IS NOT NULL"
        return try await connection.query(
            """
            SELECT m.content, m.user_id, c.assistant_id
            FROM messages m JOIN conversations c ON c.user_id = m.user_id AND c.id = m.conversation_id
            WHERE m.role = 'user' AND m.content ~ '\\S' AND octet_length(m.content) <= 32768 AND \(condition)
            ORDER BY m.created_at DESC LIMIT \(Int64(limit))
            """
        ).map { row in
            AskedQuestion(
                text: try row.decode("content", as: String.self), userID: try row.decode("user_id", as: UserID.self),
                assistant: try row.decode("assistant_id", as: AssistantID.self))
        }
    }

    /// An assistant of whichever user, by its id or its name; for the service's own scope.
    /// - Throws: `not_found`, and `conflict` when several users have one of this name.
    public func anyAssistant(_ reference: String) async throws -> AssistantID {
        let ids = try await connection.query(
            "SELECT id FROM assistants WHERE id::text = lower(\(reference)) OR name = \(reference) LIMIT 2"
        ).map { try $0.decode("id", as: AssistantID.self) }
        guard let id = ids.first else { throw Problem.notFound("assistant", reference) }
        guard ids.count == 1 else {
            throw Problem(
                .conflict, code: "assistant_ambiguous", "Several users have an assistant \"\(reference)\".", remedy: "Name it by its id.",
                parameter: "--assistant")
        }
        return id
    }
}
