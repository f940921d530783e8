import Foundation
import Postgres
import Testing

@Suite struct StreamTests {
    private struct Enough: Error {}

    @Test func rowsComeInOrder() async throws {
        try await withConnection { connection in
            var next = 0
            try await connection.stream("SELECT n FROM generate_series(0, \(9_999)) n") { row in
                guard try row.decode(Int.self) == next else { throw Enough() }
                next += 1
            }
            #expect(next == 10_000)
            try await connection.stream("SELECT 1 WHERE false") { _ in throw Enough() }
        }
    }

    @Test func aStreamThatIsLeftEarlyStopsTheServer() async throws {
        try await withConnection { connection in
            var seen = 0
            let start = ContinuousClock.now
            await #expect(throws: Enough.self) {
                try await connection.stream("SELECT generate_series(1, 1000000000), repeat('x', 1000)") { _ in
                    seen += 1
                    if seen == 1000 { throw Enough() }
                }
            }
            #expect(start.duration(to: .now) < .seconds(20))
            try await expectUsable(connection)
        }
    }

    @Test func anErrorInTheMiddleReachesTheReader() async throws {
        try await withConnection { connection in
            var seen = 0
            let error = await #expect(throws: PostgresError.self) {
                try await connection.stream("SELECT 1 / (5000 - n) FROM generate_series(1, 10000) n") { _ in seen += 1 }
            }
            #expect(error?.sqlState == "22012" && seen > 0)
            try await expectUsable(connection)
        }
    }

    @Test func cancellingAStream() async throws {
        try await withConnection { connection in
            let task = Task {
                try await connection.stream("SELECT n, pg_sleep(0.01) FROM generate_series(1, 100000) n") { _ in }
            }
            try await Task.sleep(for: .milliseconds(200))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await expectUsable(connection)
        }
    }

    @Test func aStatementInsideAStreamIsRefusedInsteadOfWaitingForever() async throws {
        try await withConnection { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.stream("SELECT 1") { _ in _ = try await connection.query("SELECT 2") }
            }
            #expect(error?.code == .connectionBusy)
            try await expectUsable(connection)
        }
    }

    @Test func timeoutsHoldForStreams() async throws {
        try await withConnection { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.stream("SELECT pg_sleep(30)", timeout: .milliseconds(100)) { _ in }
            }
            #expect(error?.code == .timedOut)
        }
    }
}

@Suite struct CopyTests {
    private struct Oops: Error {}

    private func vector(_ seed: Int) -> PostgresVector { PostgresVector((0..<16).map { Float(seed + $0) }) }

    private func withTable(_ body: (PostgresConnection) async throws -> Void) async throws {
        try await withConnection { connection in
            try await connection.execute(
                "CREATE TEMP TABLE \(identifier: "my table") (id uuid, n int, body text, e vector(16), tags text[])")
            try await body(connection)
        }
    }

    private static let columns = ["id", "n", "body", "e", "tags"]

    private func count(_ connection: PostgresConnection) async throws -> Int? {
        try await connection.query("SELECT count(*) FROM \(identifier: "my table")").first?.decode(Int.self)
    }

    @Test func fiftyThousandRowsInAndOut() async throws {
        try await withTable { connection in
            let copied = try await connection.copyIn("my table", columns: Self.columns, rows: 0..<50_000) { number, row in
                try row.append(UUID())
                try row.append(Int32(number))
                try row.append(number % 7 == 0 ? nil : "text \(number)")
                try row.append(vector(number))
                try row.append(["a", "b,\"c\""])
            }
            #expect(copied == 50_000)
            var seen = 0
            var wrong = 0
            for try await row in connection.copyOut("SELECT n, body, e, tags FROM \(identifier: "my table") ORDER BY n") {
                let (number, body, embedding, tags) = try row.decode(Int.self, String?.self, PostgresVector.self, [String].self)
                let expected: String? = number % 7 == 0 ? nil : "text \(number)"
                if number != seen || body != expected || embedding != vector(number) || tags != ["a", "b,\"c\""] { wrong += 1 }
                seen += 1
            }
            #expect(seen == 50_000 && wrong == 0)
        }
    }

    @Test func aCopyThatFailsInTheMiddleLeavesNothing() async throws {
        try await withTable { connection in
            await #expect(throws: Oops.self) {
                try await connection.copyIn("my table", columns: ["n"], rows: 0..<50_000) { number, row in
                    if number == 30_000 { throw Oops() }
                    try row.append(Int32(number))
                }
            }
            let wrongType = await #expect(throws: PostgresError.self) {
                try await connection.copyIn("my table", columns: ["n"], rows: 0..<50_000) { number, row in
                    if number == 40_000 { try row.append("no number") } else { try row.append(Int32(number)) }
                }
            }
            #expect(wrongType?.sqlState == "22P03")
            let tooFew = await #expect(throws: PostgresError.self) {
                try await connection.copyIn("my table", columns: ["n", "body"]) { writer in try await writer.row { try $0.append(Int32(1)) }
                }
            }
            #expect(tooFew?.code == .encoding)
            let noTable = await #expect(throws: PostgresError.self) {
                try await connection.copyIn("none", columns: ["n"], rows: [[Int32(1)]])
            }
            #expect(noTable?.code == .undefinedTable)
            let left = try await count(connection)
            #expect(left == 0)
        }
    }

    @Test func rowsOfValuesAndRowsThatArriveLater() async throws {
        try await withTable { connection in
            let copied = try await connection.copyIn("my table", columns: ["n", "body"], rows: [[Int32(1), "a"], [Int32(2), nil]])
            #expect(copied == 2)
            let (stream, continuation) = AsyncStream<[(any PostgresEncodable)?]>.makeStream()
            for number in 3...1000 { continuation.yield([Int32(number), "later"]) }
            continuation.finish()
            let later = try await connection.copyIn("my table", columns: ["n", "body"], rows: stream)
            #expect(later == 998)
            let left = try await count(connection)
            #expect(left == 1000)
        }
    }

    @Test func aCancelledCopyLeavesNothing() async throws {
        try await withTable { connection in
            let task = Task {
                try await connection.copyIn("my table", columns: ["n"]) { writer in
                    while true { try await writer.row { try $0.append(Int32(1)) } }
                }
            }
            try await Task.sleep(for: .milliseconds(200))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let left = try await count(connection)
            #expect(left == 0)
        }
    }

    @Test func aCopyLeftEarlyDoesNotBlockTheNextStatement() async throws {
        try await withConnection { connection in
            for _ in 0..<10 {
                for try await row in connection.copyOut("SELECT generate_series(1, 1000000000)") where try row.decode(Int.self) == 100 {
                    break
                }
                let rows = try await connection.query("SELECT 5")
                #expect(try rows.first?.decode(Int.self) == 5)
            }
        }
    }

    @Test func anErrorInACopyOutReachesTheReader() async throws {
        try await withConnection { connection in
            let rows = connection.copyOut("SELECT 1 / (50000 - n) FROM generate_series(1, 100000) n")
            let error = await #expect(throws: PostgresError.self) { for try await _ in rows {} }
            #expect(error?.sqlState == "22012")
            try await expectUsable(connection)
        }
    }
}

@Suite struct NotificationTests {
    @Test func notificationsArriveOnTheirChannels() async throws {
        let sender = try await TestServer.common().connect()
        try await withConnection { connection in
            var stream: AsyncThrowingStream? = try await connection.notifications(on: ["docs", "Odd \"name\""])
            try await sender.execute("NOTIFY docs, 'one'")
            try await sender.execute("SELECT pg_notify('other', 'not for us')")
            try await sender.execute("SELECT pg_notify(\("Odd \"name\""), \("文"))")
            var received: [PostgresNotification] = []
            if let open = stream {
                for try await notification in open {
                    received.append(notification)
                    if received.count == 2 { break }
                }
            }
            stream = nil
            #expect(received.map(\.payload) == ["one", "文"])
            #expect(received.allSatisfy { $0.processID == sender.processID })
            let isUnheard = try await eventually { try await connection.query("SELECT pg_listening_channels()").isEmpty }
            #expect(isUnheard)
        }
        await sender.close()
    }

    @Test func twoReadersOfAChannelAndStatementsInBetween() async throws {
        try await withConnection { connection in
            let first = try await connection.notifications(on: ["both"])
            let second = try await connection.notifications(on: ["both"])
            for number in 0..<100 { try await connection.execute("SELECT pg_notify('both', \("\(number)"))") }
            for stream in [first, second] {
                var payloads: [String] = []
                for try await notification in stream {
                    payloads.append(notification.payload)
                    if payloads.count == 100 { break }
                }
                #expect(payloads == (0..<100).map { "\($0)" })
            }
        }
    }

    @Test func theStreamEndsWithAnErrorWhenTheConnectionBreaks() async throws {
        try await withConnection { killer in
            // Often, because the server's last message and the end of the connection arrive together only now and then.
            for _ in 0..<30 {
                let connection = try await TestServer.common().connect()
                let stream = try await connection.notifications(on: ["x"])
                try await killer.execute("SELECT pg_terminate_backend(\(connection.processID))")
                let error = await #expect(throws: PostgresError.self) { for try await _ in stream {} }
                #expect(error?.isConnectionFailure == true)
            }
        }
    }
}
