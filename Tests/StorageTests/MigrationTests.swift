import Domain
import Postgres
import Storage
import TestSupport
import Testing

@Suite struct MigrationTests {
    private func engine(_ owner: PostgresConfiguration, _ migrations: [Migration] = Migration.all) -> MigrationEngine {
        MigrationEngine(configuration: owner, migrations: migrations, logger: .silent)
    }

    /// Rows in every table, of messages in two partitions, and what belongs together in more than one form.
    private func fill(_ db: TestDatabase) async throws {
        let instance = InstanceID()
        for name in ["one.md", "two.md"] { try await db.put(name, name, for: db.alice) }
        let file = try #require(try await db.claim(instance))
        #expect(try await db.complete(file, of: instance, with: ["a", "b"]) != nil)
        let (user, assistant) = (db.alice.id, db.alice.assistant.id)
        let talk = try await db.oldTalk(db.alice, daysAgo: [0, 400])
        let archived = try await db.oldTalk(db.bob, daysAgo: [3])
        let statements: [SQL] = [
            "SELECT archive_conversations(ARRAY[\(archived)]::uuid[])",
            """
            INSERT INTO conversations (user_id, persona_id, public_assistant_id, public_assistant_name)
            VALUES (\(db.bob.id), 'business-assistant', \(assistant), 'hers')
            """,
            """
            INSERT INTO knowledge_base (user_id, secretary_id, conversation_id, content)
            VALUES (\(user), \(assistant), \(talk), 'attached')
            """,
            """
            WITH t AS (INSERT INTO personality_templates (user_id, name, system_prompt) VALUES (\(user), 'mine', 'x') RETURNING id),
                v AS (INSERT INTO voices (user_id, name) VALUES (\(user), 'low') RETURNING id),
                a AS (INSERT INTO avatars (user_id, name) VALUES (\(user), 'heron') RETURNING id)
            UPDATE assistants SET personality_template_id = (SELECT id FROM t), voice_id = (SELECT id FROM v),
                avatar_id = (SELECT id FROM a), is_public = true, settings = '{"share_knowledge": true}' WHERE id = \(assistant)
            """,
            """
            INSERT INTO personality_template_versions (user_id, template_id, version, system_prompt, is_draft)
            SELECT user_id, id, 2, 'y', true FROM personality_templates WHERE user_id = \(user)
            """,
            """
            WITH s AS (
                INSERT INTO skill_definitions (user_id, skill_code, name, description, skill_type, configuration)
                VALUES (\(user), 'tide', 'Tide', 'd', 't', '{}') RETURNING id)
            INSERT INTO assistant_skills (user_id, assistant_id, skill_definition_id) SELECT \(user), \(assistant), id FROM s
            """,
            """
            INSERT INTO user_preferences (user_id, preferred_persona, default_assistant_id)
            VALUES (\(user), 'education-tutor', \(assistant))
            """,
            "INSERT INTO api_usage (user_id, secretary_id, api_name) VALUES (\(user), \(assistant), 'embed')",
            "INSERT INTO api_keys (user_id, name, prefix, secret_sha256, scopes) VALUES (\(user), 'k', 'p', sha256('k'), '{read}')",
            "INSERT INTO idempotency_keys (user_id, key, request_sha256) VALUES (\(user), 'k', sha256('k'))",
            """
            INSERT INTO refresh_tokens (user_id, family_id, secret_sha256, expires_at)
            VALUES (\(user), gen_random_uuid(), sha256('k'), now())
            """,
            "INSERT INTO account_tokens (user_id, purpose, secret_sha256, expires_at) VALUES (\(user), 'setup', sha256('k'), now())",
            "INSERT INTO login_attempts (name_folded) VALUES ('alice'), (' of an account')",
            "UPDATE system_settings SET value = 'true' WHERE key = 'registration_open'",
            """
            INSERT INTO embedding_cache (user_id, model, text_sha256, embedding)
            VALUES (\(user), 'm', sha256('x'), \(PostgresVector(.unit(0))))
            """,
            """
            INSERT INTO uploads (user_id, assistant_id, file_name, source_path, byte_count)
            VALUES (\(user), \(assistant), 'big.txt', 'big.txt', 10)
            """,
            "INSERT INTO mirror_replicas (id, host, position) VALUES (gen_random_uuid(), 'here', pg_current_snapshot())",
        ]
        for statement in statements { try await db.administrate(statement) }
        #expect(try await emptyTables(db) == [])
        #expect(try await db.texts("SELECT count(DISTINCT tableoid) FROM messages") == ["2"])
    }

    /// The tables without a row. Partitions count with their parent: those of the coming months have none yet.
    private func emptyTables(_ db: TestDatabase) async throws -> [String] {
        let tables = try await db.texts(
            """
            SELECT relname FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1
            """)
        var empty: [String] = []
        for table in tables {
            if try await db.administrate("SELECT FROM \(identifier: table) LIMIT 1").isEmpty { empty.append(table) }
        }
        return empty
    }

    @Test func `Down step by step and up again, with data in it, leaves the same schema`() async throws {
        try await withTestDatabase { db in
            try await fill(db)
            let engine = engine(db.logins.owner)
            let whole = try await schemaDump(db.logins.owner)
            #expect(whole.count > 100)
            var dumps: [Int: [String]] = [:]
            for step in Migration.all.map(\.number).reversed() {
                dumps[step] = try await schemaDump(db.logins.owner)
                let taken = try await engine.down(to: step - 1)
                #expect(taken.map(\.migration.number) == [step])
                #expect(try await schemaDump(db.logins.owner) != dumps[step])
            }
            #expect(try await schemaDump(db.logins.owner) == [])
            for step in Migration.all.map(\.number) {
                try await engine.up(to: step)
                let difference = Set(try await schemaDump(db.logins.owner)).symmetricDifference(dumps[step] ?? [])
                #expect(difference.isEmpty, "after step \(step)")
            }
            #expect(try await engine.up().isEmpty)
        }
    }

    @Test func `A step down and up keeps what the steps before it hold`() async throws {
        try await withTestDatabase { db in
            try await fill(db)
            let engine = engine(db.logins.owner)
            try await engine.down(to: 4)
            try await engine.up()
            #expect(try await db.administrate("SELECT FROM knowledge_base").count == 2)
            try await engine.down(to: 3)
            try await engine.up()
            #expect(try await db.administrate("SELECT FROM files").isEmpty)
            let found11 = try await db.database.read(db.alice.scope) { try await $0.assistants(limit: 9) }
            #expect(found11.map(\.id) == [db.alice.assistant.id])
            try await db.put("again.md", for: db.alice)
        }
    }

    /// For a time 0022 made the policy that 0025 makes.
    @Test func `A database with the other text of a step comes to the same schema`() async throws {
        try await withTestDatabase { db in
            let owner = try await TestDatabase.makeEmpty()
            let marker = "CREATE POLICY jobs_worker "
            var former = Migration.all.filter { $0.number <= 24 }
            let place = try #require(former.firstIndex { $0.number == 22 })
            let policy = """
                -- As the files they are for.
                CREATE POLICY jobs_shared ON jobs FOR SELECT TO authenticated
                    USING (current_user_id() IS NOT NULL AND user_id = '00000000-0000-0000-0000-000000000001');

                """
            let step = former[place]
            former[place] = Migration(
                number: step.number, name: step.name, up: step.up.replacing(marker, with: policy + marker), down: step.down)
            #expect(former[place].up != step.up)
            try await engine(owner, former).up()
            #expect(try await engine(owner).up().first?.migration.number == 25)
            #expect(try await schemaDump(owner) == schemaDump(db.logins.owner))
        }
    }

    /// For a time 0025 did not drop the policy first.
    @Test func `A database with the other text of the last step is up to date`() async throws {
        try await withTestDatabase { db in
            let owner = try await TestDatabase.makeEmpty()
            var former = Migration.all.filter { $0.number <= 25 }
            let step = former.removeLast()
            let lines = step.up.split(separator: "\n", omittingEmptySubsequences: false)
            let text = (["-- Jobs of shared files are seen as the files are."] + lines.dropFirst(2)).joined(separator: "\n")
            #expect(lines.dropFirst().first == "DROP POLICY IF EXISTS jobs_shared ON jobs;")
            former.append(Migration(number: step.number, name: step.name, up: text, down: step.down))
            try await engine(owner, former).up()
            #expect(try await engine(owner).up().map(\.migration.number).contains(25) == false)
            #expect(try await schemaDump(owner) == schemaDump(db.logins.owner))
        }
    }

    @Test func `A file changed after it was applied is refused`() async throws {
        let owner = try await TestDatabase.makeEmpty()
        try await engine(owner).up(to: 2)
        var changed = Migration.all
        changed[1] = Migration(number: 2, name: "api_keys", up: changed[1].up + "\n-- harmless", down: changed[1].down)
        let error = await failure(PostgresError.self) { try await engine(owner, changed).up() }
        #expect(error?.code == .migrationMismatch)
        #expect(error?.message.contains("2 (api_keys) was changed after it had been applied") == true)
        #expect(
            try await engine(owner, changed).status().map(\.state) == [.applied, .changed]
                + Array(repeating: .pending, count: Migration.all.count - 2))
        #expect(try await engine(owner).up().map(\.migration.number) == Migration.all.map(\.number).filter { $0 > 2 })
    }

    @Test func `Two programs that migrate at once do it once`() async throws {
        let owner = try await TestDatabase.makeEmpty()
        let taken = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<3 { group.addTask { try await engine(owner).up().count } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(taken.sorted() == [0, 0, Migration.all.count])
    }
}
