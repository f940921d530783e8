import Postgres
import Testing

@Suite struct MigrationTests {
    private static let migrations = [
        Migration(
            number: 1, name: "notes", up: "CREATE TABLE notes (id int PRIMARY KEY); CREATE INDEX ON notes (id);", down: "DROP TABLE notes"),
        Migration(number: 2, name: "body", up: "ALTER TABLE notes ADD body text", down: "ALTER TABLE notes DROP body"),
        Migration(number: 5, name: "seed", up: "INSERT INTO notes VALUES (1, 'a; b')", down: "DELETE FROM notes WHERE id = 1"),
    ]

    private func engine(_ database: PostgresConfiguration, _ migrations: [Migration] = Self.migrations) -> MigrationEngine {
        MigrationEngine(configuration: database, migrations: migrations, logger: .silent)
    }

    private func count(_ database: PostgresConfiguration, _ sql: SQL) async throws -> Int? {
        let connection = try await PostgresConnection.connect(database, logger: .silent)
        let rows = try await connection.query(sql)
        await connection.close()
        return try rows.first?.decode(Int.self)
    }

    @Test func upDownAndUpAgain() async throws {
        let database = try await TestServer.common().freshDatabase()
        let engine = engine(database)
        let plan = try await engine.planUp()
        #expect(plan.map(\.migration.number) == [1, 2, 5] && plan.first?.script.contains("CREATE TABLE notes") == true)
        #expect(try await engine.status().map(\.state) == [.pending, .pending, .pending])
        #expect(try await count(database, "SELECT count(*) FROM pg_tables WHERE tablename IN ('notes', 'schema_migrations')") == 0)
        #expect(try await engine.up(to: 2).map(\.migration.number) == [1, 2])
        #expect(try await engine.up().map(\.migration.number) == [5])
        #expect(try await engine.up().isEmpty)
        #expect(try await engine.status().map(\.state) == [.applied, .applied, .applied])
        #expect(try await engine.planDown(to: 1).map(\.migration.number) == [5, 2])
        #expect(try await engine.down(to: 1).map(\.migration.number) == [5, 2])
        #expect(try await engine.down(to: 0).map(\.migration.number) == [1])
        #expect(try await count(database, "SELECT count(*) FROM pg_tables WHERE tablename = 'notes'") == 0)
        #expect(try await engine.up().count == 3)
        #expect(try await count(database, "SELECT count(*) FROM notes WHERE body = 'a; b'") == 1)
    }

    @Test func aFailingMigrationLeavesNothingOfItself() async throws {
        let database = try await TestServer.common().freshDatabase()
        let broken = Migration(
            number: 6, name: "broken", up: "CREATE TABLE half (id int);\nINSERT INTO half VALUES (1);\nINSERT INTO nowhere VALUES (1)",
            down: nil)
        let error = await #expect(throws: PostgresError.self) { try await engine(database, Self.migrations + [broken]).up() }
        #expect(error?.code == .undefinedTable && error?.message.contains("6 (broken), up, line 3") == true)
        #expect(try await count(database, "SELECT count(*) FROM pg_tables WHERE tablename = 'half'") == 0)
        #expect(try await engine(database).status().map(\.state) == [.applied, .applied, .applied])
        let ends = Migration(number: 7, name: "ends", up: "SELECT 1; COMMIT", down: nil)
        let ended = await #expect(throws: PostgresError.self) { try await engine(database, Self.migrations + [ends]).up() }
        #expect(ended?.code == .invalidStatement)
        #expect(try await engine(database).status().count == 3)
    }

    @Test func changedSkippedAndUnknownMigrationsAreRefused() async throws {
        let database = try await TestServer.common().freshDatabase()
        try await engine(database).up()
        var changed = Self.migrations
        changed[1] = Migration(number: 2, name: "body", up: "ALTER TABLE notes ADD body varchar", down: nil)
        let checksum = await #expect(throws: PostgresError.self) { try await engine(database, changed).up() }
        #expect(checksum?.code == .migrationMismatch && checksum?.message.contains("2 (body) was changed") == true)
        let added = Self.migrations + [Migration(number: 3, name: "late", up: "SELECT 1", down: nil)]
        let skipped = await #expect(throws: PostgresError.self) { try await engine(database, added).up() }
        #expect(skipped?.message.contains("3 (late) is not applied") == true)
        let fewer = Array(Self.migrations.prefix(2))
        let unknown = await #expect(throws: PostgresError.self) { try await engine(database, fewer).up() }
        #expect(unknown?.message.contains("5 (seed) is applied but unknown") == true)
        #expect(try await engine(database, fewer).status().last?.state == .unknown)
        let twice = await #expect(throws: PostgresError.self) { try await engine(database, Self.migrations + Self.migrations).up() }
        #expect(twice?.code == .migrationMismatch)
    }

    @Test func aStepWithoutWayBackIsNotUndone() async throws {
        let database = try await TestServer.common().freshDatabase()
        let engine = engine(database, Self.migrations + [Migration(number: 6, name: "final", up: "SELECT 1", down: nil)])
        try await engine.up()
        let error = await #expect(throws: PostgresError.self) { try await engine.down(to: 0) }
        #expect(error?.message.contains("6 (final) cannot be undone") == true)
        #expect(try await count(database, "SELECT count(*) FROM notes") == 1)
    }

    @Test func concurrentRunsApplyEachStepOnce() async throws {
        let database = try await TestServer.common().freshDatabase()
        let engine = engine(database)
        let taken = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { try await engine.up().count } }
            return try await group.reduce(0, +)
        }
        #expect(taken == 3)
        #expect(try await count(database, "SELECT count(*) FROM schema_migrations") == 3)
    }

    @Test func waitingForAnotherProgramEnds() async throws {
        let database = try await TestServer.common().freshDatabase()
        let other = try await PostgresConnection.connect(database, logger: .silent)
        _ = try await other.query("SELECT pg_advisory_lock(hashtextextended('schema_migrations', 0))")
        let engine = MigrationEngine(configuration: database, migrations: Self.migrations, lockTimeout: .milliseconds(200), logger: .silent)
        let error = await #expect(throws: PostgresError.self) { try await engine.up() }
        #expect(error?.code == .timedOut && error?.message.contains("another program") == true)
        await other.close()
    }

    @Test func theChecksumIsSHA256() {
        // FIPS 180-4, appendix B.1.
        let known = Migration(number: 1, name: "", up: "abc", down: nil)
        #expect(known.checksum == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
