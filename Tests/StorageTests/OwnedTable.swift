import Domain
import Foundation
import Postgres
import TestSupport

/// A table with a `user_id`, and what can be done to it without knowing what it is.
struct OwnedTable: Sendable {
    let name: String

    /// What puts a row of a user into each table; earlier ones exist already when a later one refers to them.
    static let samples: [String: @Sendable (TestUser) -> SQL] = [
        "api_keys": { user in
            """
            INSERT INTO api_keys (user_id, name, prefix, secret_sha256, scopes)
            VALUES (\(user.id), 'key', \(user.name), decode(repeat('00', 32), 'hex'), '{read}')
            """
        },
        "personality_templates": { user in
            "INSERT INTO personality_templates (user_id, name, system_prompt) VALUES (\(user.id), 'own', 'prompt')"
        },
        "assistants": { user in "INSERT INTO assistants (user_id, name) VALUES (\(user.id), 'second')" },
        "files": { user in fileSample(user, "sample.md") },
        "knowledge_base": { user in
            """
            WITH file AS (\(fileSample(user, "knowledge.md")) RETURNING id)
            INSERT INTO knowledge_base (user_id, secretary_id, file_id, content)
            SELECT \(user.id), \(user.assistant.id), id, 'content' FROM file
            """
        },
    ]

    private static func fileSample(_ user: TestUser, _ path: String) -> SQL {
        """
        INSERT INTO files (user_id, assistant_id, file_name, source_path, file_size, sha256, storage_path)
        VALUES (\(user.id), \(user.assistant.id), \(path), \(path), 1, decode(repeat('11', 32), 'hex'), 'x')
        """
    }

    /// From the catalogue, so that a new table is not forgotten.
    static func all(_ db: TestDatabase) async throws -> [OwnedTable] {
        try await db.administrate(
            """
            SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id'
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
            """
        ).map { OwnedTable(name: try $0.decode(String.self)) }
    }

    /// As `bunko_app` in the user's own name, which must work.
    func insertSample(for user: TestUser, _ db: TestDatabase) async throws {
        guard let sample = Self.samples[name] else { return }
        try await db.asApp(user) { _ = try await $0.execute(sample(user)) }
    }

    func count(ownedBy owner: TestUser, asSeenBy user: TestUser?, _ db: TestDatabase) async throws -> Int {
        try await db.asApp(user) { try await $0.query("SELECT FROM \(identifier: name) WHERE user_id = \(owner.id)").count }
    }

    /// A user's rows as JSON, as the administrator sees them; a row with all its references first.
    func rows(of user: TestUser, _ db: TestDatabase) async throws -> [String] {
        try await db.administrate(
            "SELECT to_jsonb(t)::text FROM \(identifier: name) t WHERE user_id = \(user.id) ORDER BY to_jsonb(t)::text"
        ).map { try $0.decode(String.self) }
    }

    /// Adds a row like another one, with some columns of it changed.
    func insert(_ row: String, changing: [String: String], _ connection: PostgresConnection) async throws {
        let changes = String(decoding: try JSONEncoder().encode(changing), as: UTF8.self)
        let columns = try await names(connection, where: "a.attgenerated = ''")
        let list = columns.map { SQL(unescaped: SQL.quoted(identifier: $0)) }.joined()
        try await connection.execute(
            """
            INSERT INTO \(identifier: name) (\(list))
            SELECT \(list) FROM jsonb_populate_record(NULL::\(identifier: name), \(row)::jsonb || \(changes)::jsonb)
            """)
    }

    func updatableColumns(_ connection: PostgresConnection) async throws -> [String] {
        try await names(connection, where: "a.attgenerated = '' AND has_column_privilege(c.oid, a.attnum, 'UPDATE')")
    }

    private func names(_ connection: PostgresConnection, where condition: SQL) async throws -> [String] {
        try await connection.query(
            """
            SELECT a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.oid = \(name)::regclass AND a.attnum > 0 AND NOT a.attisdropped AND \(condition) ORDER BY a.attnum
            """
        ).map { try $0.decode(String.self) }
    }

    /// The columns that, together with `user_id`, refer to a row of the same owner.
    func ownReferences(_ db: TestDatabase) async throws -> [String] {
        try await db.administrate(
            """
            SELECT a.attname::text FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
            WHERE k.conrelid = \(name)::regclass AND k.contype = 'f' AND cardinality(k.conkey) > 1 AND a.attname <> 'user_id'
            """
        ).map { try $0.decode(String.self) }
    }
}
