import Domain
import Foundation
import Postgres
import TestSupport

extension TestDatabase {
    /// What the administrator reads in the only column of a statement, as text.
    func texts(_ statement: SQL) async throws -> [String] {
        try await administrate("SELECT t.v::text FROM (\(statement)) AS t (v)").map { try $0.decode(String.self) }
    }

    /// One statement as the service's worker; the rows.
    @discardableResult
    func work(_ statement: SQL) async throws -> [PostgresRow] {
        try await withConnection(logins.worker) { try await $0.query(statement) }
    }

    /// A conversation of a user with their assistant, made by plain SQL as `bunko_app`.
    func talk(_ user: TestUser) async throws -> UUID {
        try await asApp(user) { try await $0.startTalk(of: user) }
    }

    /// Messages of the user `daysAgo`, each with a file attached, in a new conversation that is as old.
    func oldTalk(_ user: TestUser, daysAgo: [Int32]) async throws -> UUID {
        let talk = try await talk(user)
        for days in daysAgo {
            let message = UUID()
            try await administrate(
                """
                INSERT INTO messages (id, user_id, conversation_id, role, content, created_at)
                VALUES (\(message), \(user.id), \(talk), 'user', 'said ' || \(days)::integer || ' days ago', now() - make_interval(days => \(days)))
                """)
            try await administrate(
                """
                INSERT INTO files (user_id, assistant_id, conversation_id, message_id, message_created_at, file_name, source_path, file_size,
                    sha256, storage_path)
                SELECT user_id, \(user.assistant.id), conversation_id, id, created_at, 'a.txt', id::text, 1, sha256('a'), 'x'
                FROM messages WHERE id = \(message)
                """)
        }
        try await administrate(
            """
            INSERT INTO jobs (user_id, assistant_id, file_id, created_at)
            SELECT user_id, assistant_id, id, created_at FROM files WHERE conversation_id = \(talk)
            """)
        try await administrate(
            "UPDATE conversations SET updated_at = (SELECT max(created_at) FROM messages WHERE conversation_id = \(talk)) WHERE id = \(talk)"
        )
        return talk
    }
}

extension PostgresConnection {
    /// A conversation of a user with their assistant.
    func startTalk(of user: TestUser) async throws -> UUID {
        let rows = try await query(
            "INSERT INTO conversations (user_id, assistant_id) VALUES (\(user.id), \(user.assistant.id)) RETURNING id")
        guard let row = rows.first else { throw TestFailure("no conversation was made") }
        return try row.decode(UUID.self)
    }

    /// Adds a message; its id.
    @discardableResult
    func say(
        _ content: String?, as role: String = "user", in talk: UUID, of user: TestUser, answering parent: UUID? = nil,
        emotion: String? = nil
    ) async throws -> UUID {
        let id = UUID()
        try await execute(
            """
            INSERT INTO messages (id, user_id, conversation_id, role, content, parent_id, emotion)
            VALUES (\(id), \(user.id), \(talk), \(role), \(content), \(parent), \(emotion))
            """)
        return id
    }

    /// The title, the count and whether the time is that of the last message.
    func summary(of talk: UUID) async throws -> TalkSummary {
        let rows = try await query(
            """
            SELECT title, message_count, updated_at = coalesce((SELECT max(m.created_at) FROM messages m WHERE m.conversation_id = c.id),
                updated_at) FROM conversations c WHERE id = \(talk)
            """)
        guard let row = rows.first else { throw TestFailure("no such conversation") }
        let (title, count, isTimely) = try row.decode(String?.self, Int32.self, Bool.self)
        return TalkSummary(title: title, count: Int(count), isTimely: isTimely)
    }
}

/// What a conversation says of its messages.
struct TalkSummary: Equatable {
    var title: String?
    var count: Int
    var isTimely = true
}
