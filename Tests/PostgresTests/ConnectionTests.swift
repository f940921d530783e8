import Foundation
import Postgres
import Testing

@Suite struct ConnectionTests {
    @Test func failuresToConnectSayWhy() async throws {
        let nowhere = PostgresConfiguration(host: "/nonexistent", database: "d", user: "u")
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(nowhere, logger: .silent) }
        #expect(error?.code == .connectFailed && error?.isConnectionFailure == true)
        let server = try await TestServer.common()
        let missing = await #expect(throws: PostgresError.self) { try await server.connect(database: "no such database") }
        #expect(missing?.message.contains("no such database") == true)
    }

    @Test func aServerIsAskedWithoutALogIn() async throws {
        #expect(PostgresConfiguration(host: "/nonexistent", database: "d", user: "u").ping() == .silent)
        var configuration = try await TestServer.common().configuration()
        #expect(configuration.ping() == .accepting)
        configuration.user = "nobody known"
        #expect(configuration.ping() == .accepting)
    }

    @Test func aServerThatDoesNotAnswerIsGivenUp() async throws {
        let listener = try SilentListener()
        var configuration = PostgresConfiguration(host: "127.0.0.1", port: listener.port, database: "d", user: "u")
        configuration.connectTimeout = .milliseconds(300)
        let start = ContinuousClock.now
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(configuration, logger: .silent) }
        #expect(error?.code == .connectFailed && error?.message.contains("0.3 s") == true)
        // Far from the minutes the system would wait.
        #expect(start.duration(to: .now) < .seconds(30))
    }

    @Test func connectingCanBeCancelled() async throws {
        let listener = try SilentListener()
        let configuration = PostgresConfiguration(host: "127.0.0.1", port: listener.port, database: "d", user: "u")
        let task = Task { try await PostgresConnection.connect(configuration, logger: .silent) }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func errorsCarryWhatTheServerSaid() async throws {
        try await withConnection { connection in
            try await connection.executeScript("CREATE TEMP TABLE t (id int CONSTRAINT positive CHECK (id > 0), name text NOT NULL UNIQUE)")
            try await connection.execute("INSERT INTO t VALUES (1, 'a')")
            let check = await #expect(throws: PostgresError.self) { try await connection.execute("INSERT INTO t VALUES (\(-1), 'b')") }
            #expect(check?.code == .checkViolation && check?.constraint == "positive" && check?.table == "t" && check?.severity == "ERROR")
            #expect(check?.statement == "INSERT INTO t VALUES ($1, 'b')" && check?.place?.contains("ConnectionTests.swift:") == true)
            let unique = await #expect(throws: PostgresError.self) { try await connection.execute("INSERT INTO t VALUES (2, 'a')") }
            #expect(unique?.code == .uniqueViolation && unique?.detail?.contains("(a)") == true)
            let null = await #expect(throws: PostgresError.self) {
                try await connection.execute("INSERT INTO t VALUES (2, \(String?.none))")
            }
            #expect(null?.code == .notNullViolation && null?.column == "name")
            let syntax = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1 FORM t") }
            #expect(syntax?.code == .syntaxError && syntax?.position != nil)
            let several = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1; SELECT 2") }
            #expect(several?.code == .syntaxError)
            #expect(try await connection.execute("UPDATE t SET id = id + 1") == 1)
        }
    }

    @Test func statementsOfSeveralTasksTakeTurns() async throws {
        try await withConnection { connection in
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<200 {
                    group.addTask { try await connection.query("SELECT \(number)").first?.decode(Int.self) ?? -1 }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(answers == Set(0..<200))
        }
    }

    @Test func repeatedStatementsArePreparedAndSurviveChangesOfTheTable() async throws {
        try await withConnection { connection in
            try await connection.executeScript("CREATE TEMP TABLE p (a int); INSERT INTO p VALUES (1)")
            func read() async throws -> [String] { try await connection.query("SELECT * FROM p").first?.columnNames ?? [] }
            for _ in 0..<3 { #expect(try await read() == ["a"]) }
            let prepared = try await connection.query("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT * FROM p'")
            #expect(try prepared.first?.decode(Int.self) == 1)
            try await connection.execute("ALTER TABLE p ADD b text")
            #expect(try await read() == ["a", "b"])
            try await connection.executeScript("DEALLOCATE ALL")
            for _ in 0..<3 { #expect(try await read() == ["a", "b"]) }
        }
    }

    @Test func preparedStatementsAreBounded() async throws {
        var configuration = try await TestServer.common().configuration()
        configuration.preparedStatementLimit = 5
        let connection = try await PostgresConnection.connect(configuration, logger: .silent)
        for _ in 0..<2 {
            for number in 0..<4 { for _ in 0..<2 { _ = try await connection.query("SELECT \(unescaped: "\(number)") + \(1)") } }
            for number in 4..<8 { for _ in 0..<2 { _ = try await connection.query("SELECT \(unescaped: "\(number)") + \(1)") } }
        }
        let rows = try await connection.query("SELECT count(*) FROM pg_prepared_statements")
        #expect(try rows.first?.decode(Int.self) ?? 0 <= 5)
        await connection.close()
    }

    @Test func aCancelledTaskStopsItsStatementAtTheServer() async throws {
        let observer = try await TestServer.common().connect()
        try await withConnection { connection in
            let task = Task { try await connection.query("SELECT pg_sleep(60), 'cancel me'") }
            let started = try await eventually { try await Self.isActive(connection, seenBy: observer) }
            #expect(started)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let isStillActive = try await Self.isActive(connection, seenBy: observer)
            #expect(!isStillActive)
            try await expectUsable(connection)
            #expect(!connection.isBroken)
        }
        await observer.close()
    }

    private static func isActive(_ connection: PostgresConnection, seenBy observer: PostgresConnection) async throws -> Bool {
        let rows = try await observer.query(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = \(connection.processID) AND state = 'active'")
        return try rows.first?.decode(Int.self) == 1
    }

    @Test func cancellingAtAnyMomentLeavesTheConnectionUsable() async throws {
        try await withConnection { connection in
            for round in 0..<200 {
                let task = Task { try await connection.query("SELECT \(round), pg_sleep(0.002)") }
                try await Task.sleep(for: .microseconds(round * 17))
                task.cancel()
                _ = try? await task.value
                let rows = try await connection.query("SELECT \(round)")
                #expect(try rows.first?.decode(Int.self) == round)
            }
        }
    }

    /// The first statement waits for a lock until the second has been cancelled, however long that takes.
    @Test func aWaitingStatementCanBeCancelledWithoutHarmToTheOneBeforeIt() async throws {
        let holder = try await TestServer.common().connect()
        try await withConnection { connection in
            let lock = Int64.random(in: 1...Int64.max)
            _ = try await holder.query("SELECT pg_advisory_lock(\(lock))")
            async let first = connection.query("SELECT pg_advisory_lock(\(lock)), 5").first?.decode(at: 1, as: Int.self)
            #expect(try await eventually { try await Self.isActive(connection, seenBy: holder) })
            let second = Task { try await connection.query("SELECT 6") }
            try await Task.sleep(for: .milliseconds(50))
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
            _ = try await holder.query("SELECT pg_advisory_unlock(\(lock))")
            let found = try await first
            #expect(found == 5)
        }
        await holder.close()
    }

    @Test func timeoutsStopStatements() async throws {
        var configuration = try await TestServer.common().configuration()
        configuration.statementTimeout = .milliseconds(200)
        let connection = try await PostgresConnection.connect(configuration, logger: .silent)
        let byServer = await #expect(throws: PostgresError.self) { try await connection.query("SELECT pg_sleep(30)") }
        #expect(byServer?.code == .queryCanceled)
        try await connection.execute("SET statement_timeout = 0")
        let start = ContinuousClock.now
        let byCaller = await #expect(throws: PostgresError.self) {
            try await connection.query("SELECT pg_sleep(30)", timeout: .milliseconds(150))
        }
        #expect(byCaller?.code == .timedOut && byCaller?.message.contains("0.15 s") == true)
        // Far from the minutes the system would wait.
        #expect(start.duration(to: .now) < .seconds(30))
        #expect(try await connection.query("SELECT 1", timeout: .seconds(5)).count == 1)
        await connection.close()
    }

    @Test func theEndOfAConnectionIsNoticedWhileItIsIdleAndWhileItWorks() async throws {
        try await withConnection { killer in
            let idle = try await TestServer.common().connect()
            try await killer.execute("SELECT pg_terminate_backend(\(idle.processID))")
            #expect(try await eventually { idle.isBroken })
            let afterwards = await #expect(throws: PostgresError.self) { try await idle.query("SELECT 1") }
            #expect(afterwards?.isConnectionFailure == true)

            let busy = try await TestServer.common().connect()
            let task = Task { try await busy.query("SELECT pg_sleep(60)") }
            try await Task.sleep(for: .milliseconds(200))
            try await killer.execute("SELECT pg_terminate_backend(\(busy.processID))")
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == .adminShutdown && error?.isConnectionFailure == true)
            #expect(try await eventually { busy.isBroken })
        }
    }

    @Test func closingEndsAStatementUnderWay() async throws {
        let connection = try await TestServer.common().connect()
        let task = Task { try await connection.query("SELECT pg_sleep(60)") }
        try await Task.sleep(for: .milliseconds(200))
        await connection.close()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.code == .connectionLost)
        #expect(connection.isBroken)
        await connection.close()
    }

    @Test func aForgottenConnectionIsClosedAtTheServer() async throws {
        try await withConnection { observer in
            var connection: PostgresConnection? = try await TestServer.common().connect()
            let process = connection?.processID ?? 0
            connection = nil
            let isGone = try await eventually {
                try await observer.query("SELECT 1 FROM pg_stat_activity WHERE pid = \(process)").isEmpty
            }
            #expect(isGone && connection == nil)
        }
    }

    @Test func copyStatementsOutsideCopyAreErrors() async throws {
        try await withConnection { connection in
            try await connection.execute("CREATE TEMP TABLE c (a int)")
            await #expect(throws: PostgresError.self) { try await connection.executeScript("COPY c FROM STDIN") }
            await #expect(throws: PostgresError.self) {
                try await connection.executeScript("COPY (SELECT generate_series(1, 100000)) TO STDOUT")
            }
            try await expectUsable(connection)
        }
    }

    @Test func theServersVersionIsKnown() async throws {
        try await withConnection { #expect($0.serverVersion >= 150_000) }
    }
}

/// A port on which connections are taken and never answered.
final class SilentListener {
    let descriptor: Int32
    let port: Int

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor, raw, length) | listen(descriptor, 5) | getsockname(descriptor, raw, &length)
            }
        }
        guard status == 0 else { throw TestServerError(message: "no local port could be opened") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}
