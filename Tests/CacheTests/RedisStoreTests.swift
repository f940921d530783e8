import Domain
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Cache

/// On real Redis servers, which the tests start and kill.
@Suite(.serialized) struct RedisStoreTests {
    @Test(arguments: [false, true])
    func `A value that is kept comes back until its time is over`(overPort: Bool) async throws {
        let server = try await RedisServer.start(hasPort: overPort)
        let url = overPort ? "redis://127.0.0.1:\(try #require(server.port))/5" : "unix://\(server.socket)"
        try await withStore(url) { store, _ in
            let value = (0..<12_288).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            #expect(await store.value(of: "none") == nil)
            store.keep(value, as: "a", for: .seconds(60))
            store.keep([], as: "empty", for: .seconds(60))
            store.keep([1], as: "short", for: .milliseconds(300))
            #expect(await store.value(of: "a") == value)
            #expect(await store.value(of: "empty") == [])
            #expect(await store.value(of: "short") == [1])
            store.keep([2], as: "a", for: .seconds(60))
            #expect(await store.value(of: "a") == [2])
            try await expect { await store.value(of: "short") == nil }
            let statistics = store.statistics
            #expect(statistics.isConnected && statistics.problem == nil && statistics.failures == 0 && statistics.outages == 0)
            #expect(statistics.answered >= 9)
        }
    }

    @Test func `Many ask at a time, and each gets its own answer`() async throws {
        let server = try await RedisServer.start()
        try await withStore("unix://\(server.socket)") { store, _ in
            for number in 0..<200 { store.keep(Array("value \(number)".utf8), as: "\(number)", for: .seconds(60)) }
            let wrong = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<200 { group.addTask { await store.value(of: "\(number)") == Array("value \(number)".utf8) } }
                return await group.reduce(0) { $0 + ($1 ? 0 : 1) }
            }
            #expect(wrong == 0)
        }
    }

    @Test func `A password opens, a wrong one does not, and neither is told`() async throws {
        let server = try await RedisServer.start(["requirepass", "s3cret"])
        try await withStore("unix://:s3cret@\(server.socket)") { store, log in
            store.keep([1], as: "a", for: .seconds(60))
            #expect(await store.value(of: "a") == [1])
            #expect(!log.text.contains("s3cret"))
        }
        for login in ["", ":wr0ng@", "ada:s3cret@"] {
            try await withStore("unix://\(login)\(server.socket)", waits: false) { store, log in
                try await expect { store.statistics.outages == 1 }
                #expect(await store.value(of: "a") == nil)
                try await Task.sleep(for: .milliseconds(500))
                #expect(!store.statistics.isConnected)
                #expect(log.lines.count == 1, "\(log.text)")
                #expect(log.text.contains("NOAUTH") || log.text.contains("WRONGPASS"), "\(log.text)")
                #expect(!log.text.contains("wr0ng") && !log.text.contains("s3cret"))
            }
        }
    }

    @Test func `A database that is not there is an outage, which names the reason`() async throws {
        let server = try await RedisServer.start()
        try await withStore("unix://\(server.socket)?db=999", waits: false) { store, log in
            try await expect { log.text.contains("out of range") }
            #expect(await store.value(of: "a") == nil)
        }
    }

    @Test func `What the server declines is nothing, counted, and told once`() async throws {
        let server = try await RedisServer.start(["maxmemory", "1", "maxmemory-policy", "noeviction"])
        try await withStore("unix://\(server.socket)") { store, log in
            for number in 0..<5 { store.keep([1], as: "\(number)", for: .seconds(60)) }
            try await expect { store.statistics.failures == 5 }
            #expect(await store.value(of: "0") == nil)
            #expect(store.statistics.isConnected && store.statistics.problem?.contains("OOM") == true)
            #expect(log.lines.count { $0.contains("refuses") } == 1, "\(log.text)")
        }
    }

    @Test func `A server that is killed in the middle costs nobody much time, and is used again once it is back`() async throws {
        let server = try await RedisServer.start()
        try await withStore("unix://\(server.socket)") { store, log in
            let value = [UInt8](repeating: 7, count: 12_288)
            store.keep(value, as: "a", for: .seconds(60))
            let sum = try await withThrowingTaskGroup(of: Tally.self) { group in
                for _ in 0..<32 {
                    group.addTask {
                        var tally = Tally()
                        while !Task.isCancelled {
                            let begin = ContinuousClock.now
                            let found = await store.value(of: "a")
                            tally.note(found.map { $0 == value }, ContinuousClock.now - begin)
                            // An outage answers in no time: without a pause the loop would do nothing but ask.
                            try? await Task.sleep(for: .milliseconds(1))
                        }
                        return tally
                    }
                }
                try await Task.sleep(for: .milliseconds(300))
                server.kill()
                try await Task.sleep(for: .milliseconds(500))
                try await server.launch()
                try await expect { store.statistics.isConnected }
                store.keep(value, as: "a", for: .seconds(60))
                try await Task.sleep(for: .milliseconds(300))
                group.cancelAll()
                return try await group.reduce(into: Tally()) { $0.add($1) }
            }
            #expect(sum.wrong == 0 && sum.found > 100 && sum.nothing > 100, "\(sum)")
            #expect(sum.slowest < .milliseconds(500), "the deadline is 50 ms; the rest is the machine's: \(sum)")
            let last = await store.value(of: "a")
            #expect(last == value)
            #expect(store.statistics.outages == 1)
            #expect(log.lines.count { $0.contains("does not answer") } == 1, "\(log.text)")
            #expect(log.lines.count { $0.contains("Redis answers") } == 2, "\(log.text)")
            print("killed in mid-run: \(sum), \(store.statistics)")
        }
    }

    @Test func `A dead server costs a lookup nothing`() async throws {
        let server = try await RedisServer.start()
        server.kill()
        try await withStore("unix://\(server.socket)", waits: false) { store, _ in
            try await expect { store.statistics.outages == 1 }
            let begin = ContinuousClock.now
            for _ in 0..<10_000 { _ = await store.value(of: "a") }
            let each = (ContinuousClock.now - begin) / 10_000
            #expect(each < .milliseconds(1), "\(each)")
            #expect(store.statistics.skipped == 10_000)
        }
    }

    @Test func `A server that stops answering is left alone after one deadline, and used again when it goes on`() async throws {
        let server = try await RedisServer.start()
        try await withStore("unix://\(server.socket)") { store, _ in
            store.keep([1], as: "a", for: .seconds(60))
            #expect(await store.value(of: "a") == [1])
            server.send(SIGSTOP)
            let begin = ContinuousClock.now
            #expect(await store.value(of: "a") == nil)
            let first = ContinuousClock.now - begin
            #expect(first >= .milliseconds(45) && first < .milliseconds(500), "\(first)")
            try await expect { !store.statistics.isConnected }
            server.send(SIGCONT)
            try await expect { await store.value(of: "a") == [1] }
        }
    }

    /// What the server sends for each piece that comes in, and after how many milliseconds.
    @Test(
        arguments: [
            (nil, 0), ("HTTP/1.1 400 Bad Request\r\n\r\n", 0), ("\u{0}\u{1}\u{2}garbage", 0), ("+PONG\r\n", 200),
            ("+PONG\r\n+PONG\r\n+PONG\r\n", 0), ("$999999999\r\n", 0), ("*2147483647\r\n", 0), ("-ERR no\r\n", 0),
        ] as [(String?, Int)])
    func `A server that is none, or is slow, is never used and delays nothing`(answer: String?, delay: Int) async throws {
        let server = try await RawServer(answer: answer.map { Array($0.utf8) }, after: .milliseconds(Int64(delay)))
        try await withStore("redis://127.0.0.1:\(server.port)", waits: false) { store, log in
            try await expect { store.statistics.outages > 0 }
            for _ in 0..<20 {
                let begin = ContinuousClock.now
                #expect(await store.value(of: "a") == nil)
                #expect(ContinuousClock.now - begin < .milliseconds(500))
                store.keep([1], as: "a", for: .seconds(1))
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(log.text.contains("does not answer"))
        }
        try await server.stop()
    }

    /// It passes the first look, which asks for a PONG, and then answers everything so.
    @Test func `An answer of another kind is nothing`() async throws {
        let server = try await RawServer(answer: Array("+PONG\r\n".utf8))
        try await withStore("redis://127.0.0.1:\(server.port)") { store, _ in
            #expect(await store.value(of: "a") == nil)
        }
        try await server.stop()
    }

    @Test func `More commands than may be under way are not sent`() async throws {
        let server = try await RedisServer.start()
        var limits = RedisLimits()
        (limits.mostCommands, limits.command) = (10, .milliseconds(300))
        try await withStore("unix://\(server.socket)", limits: limits) { store, _ in
            server.send(SIGSTOP)
            for number in 0..<50 { store.keep([1], as: "\(number)", for: .seconds(60)) }
            #expect(store.statistics.skipped == 40)
            #expect(await store.value(of: "a") == nil)
            server.send(SIGCONT)
            try await expect { store.statistics.answered + store.statistics.failures == 10 }
        }
    }

    @Test func `A connection nobody uses is tried, so that its end is known before it is needed`() async throws {
        let server = try await RedisServer.start()
        var limits = RedisLimits()
        limits.silence = .milliseconds(50)
        try await withStore("unix://\(server.socket)", limits: limits) { store, _ in
            server.send(SIGSTOP)
            try await expect { !store.statistics.isConnected }
            server.send(SIGCONT)
            try await expect { store.statistics.isConnected }
        }
    }

    @Test func `What was accepted before the end is sent, and afterwards there is nothing`() async throws {
        let server = try await RedisServer.start()
        let store = try RedisStore(RedisAddress(url: "unix://\(server.socket)"), logger: .silent)
        let running = Task { await store.run() }
        try await expect { store.statistics.isConnected }
        for number in 0..<100 { store.keep([UInt8](repeating: 1, count: 10_000), as: "\(number)", for: .seconds(60)) }
        running.cancel()
        await running.value
        #expect(await store.value(of: "0") == nil)
        try await withStore("unix://\(server.socket)") { store, _ in
            #expect(await store.value(of: "99")?.count == 10_000)
        }
    }

    @Test func `A greeting tells version and time, or why there is none`() async throws {
        let server = try await RedisServer.start(["requirepass", "s3cret"])
        let greeting = try await RedisStore.greeting(of: RedisAddress(url: "unix://:s3cret@\(server.socket)"))
        #expect(greeting.version?.split(separator: ".").count == 3, "\(greeting)")
        #expect(greeting.ping > .zero && greeting.ping < .seconds(1))
        let address = try RedisAddress(url: "unix://\(server.socket)")
        let problem = await failure(Problem.self) { _ = try await RedisStore.greeting(of: address) }
        #expect(problem?.detail.contains("NOAUTH") == true && problem?.kind == .environment, "\(problem.map { "\($0)" } ?? "")")
    }
}

/// Waits until a condition holds.
private func expect(sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool) async throws {
    let holds = try await eventually(condition)
    #expect(holds, sourceLocation: sourceLocation)
}

/// What one asker found.
private struct Tally {
    var found = 0
    var wrong = 0
    var nothing = 0
    var slowest = Duration.zero

    mutating func note(_ isRight: Bool?, _ time: Duration) {
        switch isRight {
        case true?: found += 1
        case false?: wrong += 1
        case nil: nothing += 1
        }
        slowest = max(slowest, time)
    }

    mutating func add(_ other: Tally) {
        (found, wrong, nothing) = (found + other.found, wrong + other.wrong, nothing + other.nothing)
        slowest = max(slowest, other.slowest)
    }
}

/// Lends a store that runs, with what it logs.
/// - Parameter waits: until it is connected.
private func withStore(
    _ url: String, limits: RedisLimits = RedisLimits(), waits: Bool = true, _ body: (RedisStore, LogBook) async throws -> Void
) async throws {
    let log = LogBook()
    let store = try RedisStore(RedisAddress(url: url), limits: limits, logger: log.logger)
    let running = Task { await store.run() }
    do {
        if waits {
            let isConnected = try await eventually { store.statistics.isConnected }
            try #require(isConnected, "\(log.text)")
        }
        try await body(store, log)
    } catch {
        running.cancel()
        await running.value
        throw error
    }
    running.cancel()
    await running.value
}

/// Keeps what is logged.
private final class LogBook: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }
    var text: String { lines.joined(separator: "\n") }

    var logger: Logger {
        var logger = Logger(label: "redis") { _ in Handler(book: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let book: LogBook
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            book.kept.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }
}
