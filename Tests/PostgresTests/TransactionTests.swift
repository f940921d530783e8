import Foundation
import Postgres
import Testing

@Suite struct TransactionTests {
    private struct Oops: Error {}

    private func withTable(_ body: (PostgresConnection) async throws -> Void) async throws {
        try await withConnection { connection in
            try await connection.execute("CREATE TEMP TABLE t (id int)")
            try await body(connection)
        }
    }

    private func ids(_ connection: PostgresConnection) async throws -> [Int] {
        try await connection.query("SELECT id FROM t ORDER BY id").map { try $0.decode(Int.self) }
    }

    @Test func committedOnReturnAndRolledBackOnThrow() async throws {
        try await withTable { connection in
            let value = try await connection.withTransaction { transaction in
                try await transaction.execute("INSERT INTO t VALUES (1)")
                return 7
            }
            #expect(value == 7)
            await #expect(throws: Oops.self) {
                try await connection.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (2)")
                    throw Oops()
                }
            }
            let left = try await ids(connection)
            #expect(left == [1])
            #expect(!connection.isInTransaction)
        }
    }

    @Test func nestedTransactionsAreSavepoints() async throws {
        try await withTable { connection in
            try await connection.withTransaction { outer in
                try await outer.execute("INSERT INTO t VALUES (1)")
                await #expect(throws: PostgresError.self) {
                    try await outer.withTransaction { inner in
                        try await inner.execute("INSERT INTO t VALUES (2)")
                        try await inner.execute("INSERT INTO t VALUES ('no number')")
                    }
                }
                try await outer.withSavepoint { _ = try await $0.execute("INSERT INTO t VALUES (3)") }
            }
            let left = try await ids(connection)
            #expect(left == [1, 3])
        }
    }

    @Test func aSwallowedFailureIsNotTakenForACommit() async throws {
        try await withTable { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (1)")
                    _ = try? await transaction.execute("SELECT 1/0")
                }
            }
            #expect(error?.code == .transactionAborted)
            let left = try await ids(connection)
            #expect(left.isEmpty)
        }
    }

    @Test func aDeferredConstraintFailsAtCommit() async throws {
        try await withConnection { connection in
            try await connection.executeScript(
                "CREATE TEMP TABLE a (id int PRIMARY KEY); CREATE TEMP TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction { _ = try await $0.execute("INSERT INTO b VALUES (1)") }
            }
            #expect(error?.code == .foreignKeyViolation)
            #expect(!connection.isInTransaction)
        }
    }

    @Test func cancellationRollsBack() async throws {
        try await withTable { connection in
            let task = Task {
                try await connection.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (1)")
                    _ = try await transaction.query("SELECT pg_sleep(60)")
                }
            }
            try await Task.sleep(for: .milliseconds(200))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let between = Task {
                try await connection.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (2)")
                    while !Task.isCancelled { await Task.yield() }
                }
            }
            try await Task.sleep(for: .milliseconds(50))
            between.cancel()
            await #expect(throws: CancellationError.self) { try await between.value }
            #expect(!connection.isInTransaction)
            let left = try await ids(connection)
            #expect(left.isEmpty)
        }
    }

    @Test func modes() async throws {
        try await withTable { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction(.readOnly) { _ = try await $0.execute("CREATE TABLE never (id int)") }
            }
            #expect(error?.code == .readOnlyTransaction)
            let level = try await connection.withTransaction(.serializable) {
                try await $0.query("SHOW transaction_isolation").first?.decode(String.self)
            }
            #expect(level == "serializable")
        }
    }

    @Test func settingsHoldForOneTransaction() async throws {
        try await withTable { connection in
            let value = #"it's \ "quoted""#
            let mode = TransactionMode(isReadOnly: true, settings: ["app.user_id": value, "lock_timeout": "5s"])
            try await connection.withTransaction(mode) { transaction in
                let read = try await transaction.query("SELECT current_setting('app.user_id'), current_setting('lock_timeout')")
                #expect(try read.first?.decode(String.self, String.self) ?? ("", "") == (value, "5s"))
                let refused = await #expect(throws: PostgresError.self) {
                    try await transaction.withSavepoint { try await $0.execute("INSERT INTO pg_catalog.pg_am VALUES (1)") }
                }
                #expect(refused?.sqlState == "25006" || refused?.sqlState == "42501")
            }
            let after = try await connection.query("SELECT current_setting('app.user_id', true), current_setting('lock_timeout')")
            #expect(try after.first?.decode(String.self, String.self) ?? ("x", "x") == ("", "0"))
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction(TransactionMode(settings: ["lock_timeout": "never"])) { _ in }
            }
            #expect(error?.sqlState == "22023" && !connection.isInTransaction)
        }
    }

    @Test func conflictsAreTold() async throws {
        let server = try await TestServer.common()
        let database = try await server.freshDatabase()
        let first = try await PostgresConnection.connect(database, logger: .silent)
        let second = try await PostgresConnection.connect(database, logger: .silent)
        try await first.executeScript("CREATE TABLE c (n int); INSERT INTO c VALUES (0)")
        let error = await #expect(throws: PostgresError.self) {
            try await first.withTransaction(TransactionMode(level: .repeatableRead)) { transaction in
                _ = try await transaction.query("SELECT n FROM c")
                try await second.execute("UPDATE c SET n = n + 1")
                try await transaction.execute("UPDATE c SET n = n + 1")
            }
        }
        #expect(error?.code == .serializationFailure && error?.isTransactionConflict == true)
        await first.close()
        await second.close()
    }
}
