import Domain
import Postgres
import Storage
import TestSupport
import Testing

@Suite struct MigrationTests {
    private func engine(_ owner: PostgresConfiguration, _ migrations: [Migration] = Migration.all) -> MigrationEngine {
        MigrationEngine(configuration: owner, migrations: migrations, logger: .silent)
    }

    /// Rows in every table.
    private func fill(_ db: TestDatabase) async throws {
        let instance = InstanceID()
        for name in ["one.md", "two.md"] { try await db.put(name, name, for: db.alice) }
        let file = try #require(try await db.claim(instance))
        #expect(try await db.complete(file, of: instance, with: ["a", "b"]) != nil)
        try await db.administrate(
            """
            INSERT INTO api_keys (user_id, name, prefix, secret_sha256, scopes)
            VALUES (\(db.alice.id), 'k', 'p', decode(repeat('00', 32), 'hex'), '{read}')
            """)
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
        #expect(try await engine(owner).up().map(\.migration.number) == Migration.all.map(\.number).filter { $0 >= 3 })
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
