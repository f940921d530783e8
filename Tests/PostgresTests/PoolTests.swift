import Foundation
import Postgres
import Synchronization
import Testing

@Suite struct PoolTests {
    private struct Oops: Error {}

    private func withPool(
        _ options: PoolOptions, server: TestServer? = nil, _ body: (PostgresPool) async throws -> Void
    ) async throws {
        let server = if let server { server } else { try await TestServer.common() }
        let pool = PostgresPool(configuration: server.configuration(), options: options, logger: .silent)
        do { try await body(pool) } catch {
            await pool.close(grace: .seconds(1))
            throw error
        }
        await pool.close(grace: .seconds(1))
    }

    private func options(_ size: Int, _ overflow: Int, _ change: (inout PoolOptions) -> Void = { _ in }) -> PoolOptions {
        var options = PoolOptions(size: size, overflow: overflow)
        change(&options)
        return options
    }

    private func number(_ pool: PostgresPool) async throws -> Int? {
        try await pool.withConnection { try await $0.query("SELECT 5").first?.decode(Int.self) }
    }

    @Test func twoHundredTasksOnFiveConnections() async throws {
        try await withPool(options(5, 0)) { pool in
            let most = Shared(0)
            let answers = try await withThrowingTaskGroup(of: Int?.self) { group in
                for task in 0..<200 {
                    group.addTask {
                        try await pool.withConnection { connection in
                            most.withLock { $0 = max($0, pool.statistics.leased) }
                            return try await connection.query("SELECT \(task), pg_sleep(0.002)").first?.decode(at: 0, as: Int.self)
                        }
                    }
                }
                return try await group.reduce(into: Set<Int?>()) { $0.insert($1) }
            }
            #expect(answers == Set((0..<200).map { $0 }))
            #expect(most.withLock { $0 } == 5)
            let statistics = pool.statistics
            #expect(statistics.opened == 5 && statistics.leased == 0 && statistics.waiting == 0 && statistics.idle == 5)
        }
    }

    @Test func waitersAreServedInOrder() async throws {
        try await withPool(options(1, 0)) { pool in
            let order = Shared<[Int]>([])
            var tasks: [Task<Void, any Error>] = []
            try await pool.withConnection { _ in
                for place in 0..<20 {
                    tasks.append(Task { try await pool.withConnection { _ in order.withLock { $0.append(place) } } })
                    _ = try await eventually { pool.statistics.waiting == place + 1 }
                }
            }
            for task in tasks { try await task.value }
            #expect(order.withLock { $0 } == Array(0..<20))
        }
    }

    @Test func theDeadlineNamesThePoolAndTheWait() async throws {
        try await withPool(options(1, 1) { $0.acquireTimeout = .milliseconds(2500) }) { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withConnection { _ in
                    try await pool.withConnection { _ in try await pool.withConnection { _ in } }
                }
            }
            #expect(error?.code == .poolExhausted)
            #expect(error?.message.contains("2.5 s") == true && error?.message.contains("all 2") == true)
            #expect(pool.statistics.timedOut == 1 && pool.statistics.leased == 0)
            let answer = try await number(pool)
            #expect(answer == 5)
        }
    }

    @Test func cancellingAWaitLeaksNothing() async throws {
        try await withPool(options(1, 0)) { pool in
            try await pool.withConnection { _ in
                let tasks = (0..<50).map { _ in Task { try await pool.withConnection { _ in } } }
                _ = try await eventually { pool.statistics.waiting == 50 }
                for task in tasks { task.cancel() }
                for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
                #expect(pool.statistics.waiting == 0)
            }
            let cancelledBefore = Task {
                while !Task.isCancelled { await Task.yield() }
                try await pool.withConnection { connection in _ = try await connection.query("SELECT 1") }
            }
            cancelledBefore.cancel()
            await #expect(throws: CancellationError.self) { try await cancelledBefore.value }
            let answer = try await number(pool)
            #expect(answer == 5 && pool.statistics.total == 1)
        }
    }

    @Test func cancellingWhileTheGrantIsOnItsWayLeaksNothing() async throws {
        try await withPool(options(2, 0)) { pool in
            for round in 0..<300 {
                let tasks = (0..<4).map { _ in Task { try await pool.withConnection { _ = try await $0.query("SELECT 1") } } }
                try await Task.sleep(for: .microseconds(round * 7))
                tasks[round % 4].cancel()
                tasks[(round + 1) % 4].cancel()
                for task in tasks { _ = try? await task.value }
            }
            #expect(pool.statistics.leased == 0 && pool.statistics.opening == 0 && pool.statistics.waiting == 0)
            let answer = try await number(pool)
            #expect(answer == 5)
        }
    }

    @Test func housekeepingClosesOverflowAndOldConnections() async throws {
        let quick = options(1, 3) {
            $0.overflowIdleTimeout = .milliseconds(100)
            $0.housekeepingInterval = .milliseconds(20)
        }
        try await withPool(quick) { pool in
            let housekeeping = Task { await pool.run() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await pool.withConnection { _ = try await $0.query("SELECT pg_sleep(0.1)") } } }
                try await group.waitForAll()
            }
            let shrank = try await eventually { pool.statistics.total == 1 }
            #expect(shrank && pool.statistics.opened == 4)
            housekeeping.cancel()
            await housekeeping.value
        }
        try await withPool(options(1, 0) { $0.recycleAfter = .milliseconds(50) }) { pool in
            let first = try await pool.withConnection { $0.processID }
            try await Task.sleep(for: .milliseconds(60))
            let second = try await pool.withConnection { $0.processID }
            #expect(first != second && pool.statistics.total == 1)
        }
    }

    @Test func aTerminatedConnectionIsReplacedBeforeItIsLent() async throws {
        let killer = try await TestServer.common().connect()
        try await withPool(options(1, 0) { $0.pingAfterIdle = .zero }) { pool in
            for _ in 0..<20 {
                let process = try await pool.withConnection { $0.processID }
                try await killer.execute("SELECT pg_terminate_backend(\(process))")
                let answer = try await number(pool)
                #expect(answer == 5)
            }
            #expect(pool.statistics.total == 1 && pool.statistics.closed >= 20)
        }
        await killer.close()
    }

    @Test func aTransactionBeginsOnAnotherConnectionWhenTheIdleOnesAreDead() async throws {
        let killer = try await TestServer.common().connect()
        try await withPool(options(5, 0)) { pool in
            for _ in 0..<10 {
                let processes = Shared<[Int32]>([])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<5 {
                        // In a transaction, too: of the round before dead connections are left.
                        group.addTask {
                            try await pool.withTransaction { connection in
                                processes.withLock { $0.append(connection.processID) }
                                try await connection.execute("SELECT pg_sleep(0.05)")
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let victims = processes.withLock { $0 }
                try await killer.execute("SELECT pg_terminate_backend(p) FROM unnest(\(victims)::int[]) AS p")
                let answer = try await pool.withTransaction { try await $0.query("SELECT 5").first?.decode(Int.self) }
                #expect(answer == 5)
                // One that is still on its way out would take a statement and die of it.
                let areGone = try await eventually {
                    try await killer.query("SELECT FROM pg_stat_activity WHERE pid = ANY (\(victims))").isEmpty
                }
                #expect(areGone)
            }
        }
        await killer.close()
    }

    @Test func whatABorrowerLeavesBehindIsTidiedUp() async throws {
        try await withPool(options(1, 0)) { pool in
            try await pool.withConnection { try await $0.executeScript("CREATE TEMP TABLE left_open (id int)") }
            try await pool.withConnection { try await $0.executeScript("BEGIN; INSERT INTO left_open VALUES (1)") }
            let count = try await pool.withConnection { connection in
                #expect(!connection.isInTransaction)
                return try await connection.query("SELECT count(*) FROM left_open").first?.decode(Int.self)
            }
            #expect(count == 0)
            await #expect(throws: Oops.self) {
                try await pool.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO left_open VALUES (2)")
                    throw Oops()
                }
            }
            let (listening, stream) = try await pool.withConnection { connection in
                (connection.processID, try await connection.notifications(on: ["a"]))
            }
            let next = try await pool.withConnection { $0.processID }
            #expect(listening != next)
            let ended = await #expect(throws: PostgresError.self) { for try await _ in stream {} }
            #expect(ended?.code == .connectionLost)
        }
    }

    @Test func sessionSetUpRunsOnceAConnectionAndItsFailureIsPassedOn() async throws {
        let configured = options(1, 0) { $0.onConnect = { try await $0.executeScript("SET application_name = 'configured'") } }
        try await withPool(configured) { pool in
            let name = try await pool.withConnection { try await $0.query("SHOW application_name").first?.decode(String.self) }
            #expect(name == "configured")
        }
        try await withPool(options(1, 0) { $0.onConnect = { _ in throw Oops() } }) { pool in
            for _ in 0..<3 { await #expect(throws: Oops.self) { try await pool.withConnection { _ in } } }
            #expect(pool.statistics.total == 0)
        }
    }

    @Test func onlyIdempotentWorkIsRetried() async throws {
        try await withPool(options(1, 0)) { pool in
            for isIdempotent in [true, false] {
                let runs = Shared(0)
                let result = await Task {
                    try await pool.withRetry(idempotent: isIdempotent) { connection in
                        let run = runs.withLock { runs in
                            runs += 1
                            return runs
                        }
                        if run == 1 { _ = try await connection.query("SELECT pg_terminate_backend(pg_backend_pid())") }
                        return try await connection.query("SELECT 5").first?.decode(Int.self)
                    }
                }.result
                if isIdempotent {
                    let answer = try result.get()
                    #expect(answer == 5)
                } else {
                    #expect(throws: PostgresError.self) { try result.get() }
                }
                #expect(runs.withLock { $0 } == (isIdempotent ? 2 : 1))
            }
        }
    }

    @Test func aRestartOfTheServerIsSurvived() async throws {
        let server = try await TestServer.start()
        try await withPool(options(5, 0), server: server) { pool in
            let answers = Shared(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        for _ in 0..<40 {
                            try await pool.withRetry(idempotent: true, attempts: 8) { _ = try await $0.query("SELECT 1") }
                            answers.withLock { $0 += 1 }
                            try await Task.sleep(for: .milliseconds(20))
                        }
                    }
                }
                try await Task.sleep(for: .milliseconds(200))
                try await server.stop()
                try await server.launch()
                try await group.waitForAll()
            }
            #expect(answers.withLock { $0 } == 200)
            #expect(pool.statistics.total <= 5)
        }
    }

    @Test func aClosedPoolLendsNothingAndWaitsForWhatIsLent() async throws {
        let pool = PostgresPool(configuration: try await TestServer.common().configuration(), options: options(1, 0), logger: .silent)
        let (held, release) = AsyncStream<Void>.makeStream()
        let borrower = Task {
            try await pool.withConnection { connection in
                _ = await held.first { true }
                return try await connection.query("SELECT 5").first?.decode(Int.self)
            }
        }
        _ = try await eventually { pool.statistics.leased == 1 }
        let waiter = Task { try await pool.withConnection { _ in } }
        _ = try await eventually { pool.statistics.waiting == 1 }
        let closing = Task { await pool.close() }
        let turnedAway = await #expect(throws: PostgresError.self) { try await waiter.value }
        #expect(turnedAway?.code == .poolClosed)
        release.yield()
        #expect(try await borrower.value == 5)
        await closing.value
        let late = await #expect(throws: PostgresError.self) { try await pool.withConnection { _ in } }
        #expect(late?.code == .poolClosed && pool.statistics.total == 0)
    }

    @Test func closingCutsOffABorrowerWhoDoesNotComeBack() async throws {
        let pool = PostgresPool(configuration: try await TestServer.common().configuration(), options: options(1, 0), logger: .silent)
        let borrower = Task { try await pool.withConnection { _ = try await $0.query("SELECT pg_sleep(60)") } }
        _ = try await eventually { pool.statistics.leased == 1 }
        await pool.close(grace: .milliseconds(100))
        let error = await #expect(throws: PostgresError.self) { try await borrower.value }
        #expect(error?.isConnectionFailure == true)
    }
}
