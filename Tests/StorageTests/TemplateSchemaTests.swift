import Domain
import Foundation
import Postgres
import TestSupport
import Testing

/// What personas, the views and the index for plain SQL do by themselves.
@Suite struct TemplateSchemaTests {
    @Test func `Each change of prompt or parameters adds a version, and none of anything else`() async throws {
        try await withTestDatabase { db in
            let template = try await make(db, for: db.alice)
            try await db.asApp(db.alice) { connection in
                func versions() async throws -> [String] {
                    try await connection.query(
                        """
                        SELECT concat_ws(' ', version, system_prompt, parameters::text, CASE WHEN is_draft THEN 'draft' END)
                        FROM personality_template_versions WHERE template_id = \(template) ORDER BY version
                        """
                    ).map { try $0.decode(String.self) }
                }
                func change(_ change: SQL) async throws -> [String] {
                    try await connection.execute("UPDATE personality_templates SET \(change) WHERE id = \(template)")
                    return try await versions() + ["now " + (try await current(connection, template))]
                }
                #expect(try await versions() == ["1 one"])
                #expect(try await change("name = 'renamed', system_prompt = 'one'") == ["1 one", "now 1 one"])
                #expect(try await change("system_prompt = 'two'") == ["1 one", "2 two", "now 2 two"])
                #expect(try await change("parameters = '{\"t\": 1}'").suffix(2) == ["3 two {\"t\": 1}", "now 3 two {\"t\": 1}"])
                try await connection.execute(draft(4, "four", of: template, db.alice))
                #expect(try await versions().last == "4 four draft")
                try await connection.execute(
                    "UPDATE personality_template_versions SET system_prompt = 'vier' WHERE version = 4 AND is_draft")
                #expect(
                    try await change("system_prompt = 'five'").suffix(3) == ["4 vier draft", "5 five {\"t\": 1}", "now 5 five {\"t\": 1}"])
                #expect(try await change("published_version = 4").suffix(3) == ["4 vier", "5 five {\"t\": 1}", "now 4 vier"])
                #expect(try await change("published_version = 1").last == "now 1 one")
                #expect(try await change("published_version = 2, system_prompt = 'else'").last == "now 2 two", "a version is what it was")
                let unknown = await failure(PostgresError.self) { _ = try await change("published_version = 9") }
                #expect(unknown?.code == .foreignKeyViolation)
                #expect(try await versions().count == 5)
            }
        }
    }

    @Test func `Published versions stay as they are; drafts change and go`() async throws {
        try await withTestDatabase { db in
            let template = try await make(db, for: db.alice)
            try await db.asApp(db.alice) { connection in
                try await connection.execute(draft(2, "two", of: template, db.alice))
                for change: SQL in [
                    "UPDATE personality_template_versions SET system_prompt = 'else' WHERE version = 1",
                    "UPDATE personality_template_versions SET is_draft = true, published_at = NULL WHERE version = 1",
                    "DELETE FROM personality_template_versions WHERE version = 1",
                ] {
                    let error = await failure(PostgresError.self) { try await connection.execute(change) }
                    #expect(error?.code == .checkViolation)
                }
                #expect(try await connection.execute("DELETE FROM personality_template_versions WHERE version = 2") == 1)
                try await connection.execute("DELETE FROM personality_templates WHERE id = \(template)")
                #expect(
                    try await connection.query("SELECT FROM personality_template_versions WHERE user_id = \(db.alice.id)").isEmpty,
                    "the template takes its versions with it")
            }
        }
    }

    @Test func `Others see the versions of a public template, never its drafts`() async throws {
        try await withTestDatabase { db in
            let template = try await make(db, for: db.alice)
            try await db.asApp(db.alice) { try await $0.execute(draft(2, "secret draft", of: template, db.alice)) }
            func seen(by user: TestUser?) async throws -> [Int32] {
                try await db.asApp(user) {
                    try await $0.query("SELECT version FROM personality_template_versions WHERE template_id = \(template) ORDER BY 1")
                        .map { try $0.decode(Int32.self) }
                }
            }
            func publish(_ isPublic: Bool) async throws {
                try await db.asApp(db.alice) {
                    try await $0.execute("UPDATE personality_templates SET is_public = \(isPublic) WHERE id = \(template)")
                }
            }
            #expect(try await seen(by: db.bob) == [])
            try await publish(true)
            #expect(try await seen(by: db.alice) == [1, 2])
            #expect(try await seen(by: db.bob) == [1])
            #expect(try await seen(by: nil) == [])
            try await db.asApp(db.alice) { try await $0.execute(draft(3, "public draft", of: template, db.alice, isPublic: true)) }
            #expect(try await seen(by: db.bob) == [1])
            try await db.asApp(db.alice) {
                try await $0.execute("UPDATE personality_templates SET published_version = 2 WHERE id = \(template)")
            }
            #expect(try await seen(by: db.bob) == [1, 2])
            try await publish(false)
            #expect(try await seen(by: db.bob) == [])

            let builtIn = try await db.texts("SELECT id FROM personality_templates WHERE slug = 'education-tutor'")
            try await db.administrate(
                """
                INSERT INTO personality_template_versions (user_id, template_id, version, system_prompt, is_draft)
                SELECT user_id, id, 2, 'the next tutor', true FROM personality_templates WHERE slug = 'education-tutor'
                """)
            let versions = try await db.asApp(db.bob) {
                try await $0.query("SELECT version FROM personality_template_versions WHERE template_id = \(untyped: builtIn.first)::uuid")
                    .map { try $0.decode(Int32.self) }
            }
            #expect(versions == [1])
        }
    }

    @Test func `The built-in personas are read by all and written only for the system user`() async throws {
        try await withTestDatabase { db in
            let change: SQL = "UPDATE chatbot_personas SET system_prompt = 'new' WHERE id = 'education-tutor'"
            for user in [db.alice, nil] {
                let changed = try await db.asApp(user) { try await $0.execute(change) }
                #expect(changed == 0)
            }
            let read = try await db.asApp(db.alice) {
                try await $0.query("SELECT FROM chatbot_personas WHERE system_prompt <> 'new' AND is_active").count
            }
            #expect(read == 6)
            try await withConnection(db.logins.app) { connection in
                try await connection.executeScript("SET app.user_id = '00000000-0000-0000-0000-000000000001'")
                #expect(try await connection.execute(change) == 1)
                let renamed = await failure(PostgresError.self) {
                    try await connection.execute("INSERT INTO chatbot_personas (id, name) VALUES ('another', 'Another')")
                }
                #expect(renamed?.code == .insufficientPrivilege)
            }
            let versions = try await db.texts(
                """
                SELECT v.version FROM personality_template_versions v JOIN personality_templates t ON t.id = v.template_id
                WHERE t.slug = 'education-tutor' AND t.published_version = 2 ORDER BY 1
                """)
            #expect(versions == ["1", "2"])
        }
    }

    @Test func `The views show one's own and count it right`() async throws {
        try await withTestDatabase { db in
            _ = try await db.oldTalk(db.alice, daysAgo: [3, 2])
            _ = try await db.oldTalk(db.bob, daysAgo: [1])
            let assistants: SQL = "SELECT concat_ws('|', name, owner_username, conversation_count) FROM active_assistants"
            let talks: SQL =
                """
                SELECT concat_ws('|', title, status, assistant_name, user_name, message_count, date_part('day', last_message_at - first_message_at))
                FROM conversation_stats
                """
            try await db.asApp(db.alice) { connection in
                func rows(_ statement: SQL) async throws -> [String] {
                    try await connection.query(statement).map { try $0.decode(String.self) }
                }
                #expect(try await rows(assistants) == ["alice's assistant|alice|1"])
                #expect(try await rows(talks) == ["said 3 days ago|active|alice's assistant|alice|2|1"])
                try await connection.execute("UPDATE assistants SET is_active = false")
                #expect(try await rows(assistants).isEmpty)
            }
            try await db.administrate("UPDATE assistants SET is_public = true")
            let shown = try await db.asApp(db.alice) { try await $0.query("SELECT FROM active_assistants").count }
            #expect(shown == 0, "another's public assistant is none of one's own")
            for (view, all) in [("active_assistants", 1), ("conversation_stats", 2)] {
                let anonymous = try await db.asApp(nil) { try await $0.query("SELECT FROM \(identifier: view)").count }
                #expect(anonymous == 0)
                #expect(try await db.work("SELECT FROM \(identifier: view)").count == all)
            }
        }
    }

    @Test func `The index for plain SQL is made once there are a thousand rows`() async throws {
        try await withTestDatabase { db in
            func ensured() async throws -> Bool {
                try await db.administrate("ANALYZE knowledge_base")
                let rows = try await withConnection(db.logins.worker) { try await $0.query("SELECT ensure_embedding_index()") }
                return try rows.first?.decode(Bool.self) ?? false
            }
            func add(_ count: Int32) async throws {
                try await db.administrate(
                    """
                    INSERT INTO knowledge_base (user_id, secretary_id, content, embedding)
                    SELECT \(db.alice.id), \(db.alice.assistant.id), 'passage', (ARRAY[i] || array_fill(1, ARRAY[1535]))::vector
                    FROM generate_series(1, \(count)) AS i
                    """)
            }
            #expect(try await ensured() == false)
            try await add(999)
            #expect(try await ensured() == false)
            try await add(1)
            #expect(try await ensured())
            #expect(try await ensured())
            let index = try await db.texts("SELECT indexdef FROM pg_indexes WHERE indexname = 'idx_knowledge_base_embedding'")
            #expect(index.count == 1 && index.first?.contains("USING ivfflat (embedding vector_cosine_ops) WITH (lists='10')") == true)
            let error = await failure(PostgresError.self) {
                _ = try await db.asApp(db.alice) { try await $0.execute("SELECT ensure_embedding_index()") }
            }
            #expect(error?.code == .insufficientPrivilege)
        }
    }

    /// A private template of a user with the prompt "one".
    private func make(_ db: TestDatabase, for user: TestUser) async throws -> UUID {
        let id = UUID()
        try await db.asApp(user) {
            try await $0.execute(
                "INSERT INTO personality_templates (id, user_id, name, system_prompt) VALUES (\(id), \(user.id), 'mine', 'one')")
        }
        return id
    }

    private func draft(_ version: Int32, _ prompt: String, of template: UUID, _ user: TestUser, isPublic: Bool = false) -> SQL {
        """
        INSERT INTO personality_template_versions (user_id, template_id, version, system_prompt, is_draft, is_public)
        VALUES (\(user.id), \(template), \(version), \(prompt), true, \(isPublic))
        """
    }

    private func current(_ connection: PostgresConnection, _ template: UUID) async throws -> String {
        let rows = try await connection.query(
            "SELECT concat_ws(' ', published_version, system_prompt, parameters::text) FROM personality_templates WHERE id = \(template)")
        return try rows.first?.decode(String.self) ?? "none"
    }
}
