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
        "voices": { user in "INSERT INTO voices (user_id, name) VALUES (\(user.id), 'voice')" },
        "avatars": { user in "INSERT INTO avatars (user_id, name) VALUES (\(user.id), 'avatar')" },
        "skill_definitions": { user in skillSample(user, "first") },
        "assistant_skills": { user in
            """
            WITH skill AS (\(skillSample(user, "second")) RETURNING id)
            INSERT INTO assistant_skills (user_id, assistant_id, skill_definition_id)
            SELECT \(user.id), \(user.assistant.id), id FROM skill
            """
        },
        "personality_template_versions": { user in
            """
            WITH template AS (INSERT INTO personality_templates (user_id, name) VALUES (\(user.id), 'with a draft') RETURNING user_id, id)
            INSERT INTO personality_template_versions (user_id, template_id, version, system_prompt, is_draft)
            SELECT user_id, id, 2, 'draft', true FROM template
            """
        },
        "conversations": { user in conversationSample(user, "talk") },
        "messages": { user in
            """
            INSERT INTO messages (user_id, conversation_id, role, content)
            SELECT user_id, id, 'user', 'message' FROM conversations WHERE user_id = \(user.id) LIMIT 1
            """
        },
        "conversations_archive": { user in
            """
            INSERT INTO conversations_archive (id, user_id, assistant_id, status, voice_enabled, message_count, started_at, created_at, updated_at)
            VALUES (gen_random_uuid(), \(user.id), \(user.assistant.id), 'active', false, 0, now(), now(), now())
            """
        },
        "messages_archive": { user in
            """
            INSERT INTO messages_archive (id, user_id, conversation_id, role, content, content_type, created_at)
            VALUES (gen_random_uuid(), \(user.id), gen_random_uuid(), 'user', 'message', 'text', now())
            """
        },
        "refresh_tokens": { user in
            """
            INSERT INTO refresh_tokens (user_id, family_id, secret_sha256, expires_at)
            VALUES (\(user.id), gen_random_uuid(), sha256(\(user.name)::bytea), now() + interval '1 hour')
            """
        },
        "account_tokens": { user in
            """
            INSERT INTO account_tokens (user_id, purpose, secret_sha256, expires_at)
            VALUES (\(user.id), 'reset_password', sha256(\(user.name)::bytea), now() + interval '1 hour')
            """
        },
        "user_preferences": { user in "INSERT INTO user_preferences (user_id) VALUES (\(user.id))" },
        "api_usage": { user in
            "INSERT INTO api_usage (user_id, secretary_id, api_name) VALUES (\(user.id), \(user.assistant.id), 'api')"
        },
        "idempotency_keys": { user in
            "INSERT INTO idempotency_keys (user_id, key, request_sha256) VALUES (\(user.id), \(user.name), sha256('x'))"
        },
        "embedding_cache": { user in
            """
            INSERT INTO embedding_cache (user_id, model, text_sha256, embedding)
            VALUES (\(user.id), 'm', sha256('x'), \(PostgresVector(.unit(0))))
            """
        },
        "jobs": { user in
            """
            WITH file AS (\(fileSample(user, "job.md")) RETURNING id)
            INSERT INTO jobs (user_id, assistant_id, file_id) SELECT \(user.id), \(user.assistant.id), id FROM file
            """
        },
        // Attached to a message, so that every reference of the table has something to refer to.
        "files": { user in
            """
            WITH talk AS (\(conversationSample(user, "attached")) RETURNING id),
                message AS (
                    INSERT INTO messages (user_id, conversation_id, role, content)
                    SELECT \(user.id), id, 'user', 'message' FROM talk RETURNING id, conversation_id, created_at)
            INSERT INTO files (user_id, assistant_id, conversation_id, message_id, message_created_at, file_name, source_path, file_size,
                sha256, storage_path)
            SELECT \(user.id), \(user.assistant.id), conversation_id, id, created_at, 'sample.md', 'sample.md', 1,
                decode(repeat('11', 32), 'hex'), 'x' FROM message
            """
        },
        "uploads": { user in
            """
            WITH talk AS (\(conversationSample(user, "awaiting")) RETURNING id)
            INSERT INTO uploads (user_id, assistant_id, conversation_id, file_name, source_path, byte_count)
            SELECT \(user.id), \(user.assistant.id), talk.id, 'sample.md', 'sample.md', 1 FROM talk
            """
        },
        "knowledge_base": { user in
            """
            WITH file AS (\(fileSample(user, "knowledge.md")) RETURNING id)
            , talk AS (\(conversationSample(user, "knowing")) RETURNING id)
            INSERT INTO knowledge_base (user_id, secretary_id, conversation_id, file_id, content)
            SELECT \(user.id), \(user.assistant.id), talk.id, file.id, 'content' FROM file, talk
            """
        },
    ]

    private static func skillSample(_ user: TestUser, _ code: String) -> SQL {
        """
        INSERT INTO skill_definitions (user_id, skill_code, name, description, skill_type, configuration)
        VALUES (\(user.id), \(code), 'skill', 'd', 't', '{}')
        """
    }

    private static func conversationSample(_ user: TestUser, _ title: String) -> SQL {
        """
        INSERT INTO conversations (user_id, assistant_id, title) VALUES (\(user.id), \(user.assistant.id), \(title))
        """
    }

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

    /// What users have rows in and the service alone writes.
    private static let ofService: Set<String> = ["account_tokens", "api_usage", "refresh_tokens"]

    var isWrittenByServiceAlone: Bool { Self.ofService.contains(name) }

    /// As `bunko_app` in the user's own name, which must work, except where the service alone writes.
    func insertSample(for user: TestUser, _ db: TestDatabase) async throws {
        guard let sample = Self.samples[name] else { return }
        if isWrittenByServiceAlone {
            try await db.administrate(sample(user))
        } else {
            try await db.asApp(user) { _ = try await $0.execute(sample(user)) }
        }
    }

    func count(ownedBy owner: TestUser, asSeenBy user: TestUser?, _ db: TestDatabase) async throws -> Int {
        try await db.asApp(user) { try await $0.query("SELECT FROM \(identifier: name) WHERE user_id = \(owner.id)").count }
    }

    /// A user's rows as JSON, as the administrator sees them; a row with all its references first.
    func rows(of user: TestUser, having column: String = "user_id", _ db: TestDatabase) async throws -> [String] {
        try await db.administrate(
            """
            SELECT to_jsonb(t)::text FROM \(identifier: name) t WHERE user_id = \(user.id) AND \(identifier: column) IS NOT NULL
            ORDER BY to_jsonb(t)::text
            """
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
