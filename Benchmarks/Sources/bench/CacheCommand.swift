import ArgumentParser
import Cache
import Embeddings
import Foundation
import Logging
import VectorIndex

struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "What it takes to find a question's vectors in Redis, and to find that Redis is away.")

    @Option(help: "Look-ups one after another, at each address.")
    var lookups = 20_000

    @Option(help: "A free port of this machine for the Redis server that is started.")
    var port = 16_379

    @Option(help: "Write <date>-cache.md into this folder.")
    var results: String?

    func validate() throws {
        guard lookups >= 100, (1...65_535).contains(port) else { throw ValidationError("lookups must be 100 or more, port a port") }
    }

    func run() async throws {
        let machine = Machine.current
        let folder = FileManager.default.temporaryDirectory.appending(path: "bunko-bench-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let socket = folder.appending(path: "redis.sock").path
        let server = try start(in: folder, socket)
        defer { server.terminate() }
        var rows: [String] = []
        for (name, url) in [("Unix socket", "unix://\(socket)"), ("TCP, this machine", "redis://127.0.0.1:\(port)")] {
            try await withStore(url) { rows += try await hits(in: $0, name) }
        }
        try await withStore("unix://\(socket)") { rows += try await outage(of: server, $0) }
        let report = report(machine, rows)
        print(report)
        if let results {
            let name = "\(Date.now.formatted(.iso8601.year().month().day()))-cache.md"
            try report.write(to: URL(filePath: results).appending(path: name), atomically: true, encoding: .utf8)
        }
    }

    /// Debian's package redis-tools has the server as `redis-check-rdb`, which is what the name it is called by says.
    private func start(in folder: URL, _ socket: String) throws -> Process {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/redis-check-rdb") else {
            throw ValidationError("there is no /usr/bin/redis-check-rdb, which is the Redis server: run scripts/setup.sh")
        }
        let program = folder.appending(path: "redis-server")
        try FileManager.default.createSymbolicLink(atPath: program.path, withDestinationPath: "/usr/bin/redis-check-rdb")
        let server = Process()
        server.executableURL = program
        server.arguments = ["--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", socket, "--dir", folder.path, "--save", ""]
        server.standardOutput = FileHandle.nullDevice
        try server.run()
        return server
    }

    private func withStore(_ url: String, _ body: (RedisStore) async throws -> Void) async throws {
        let store = try RedisStore(RedisAddress(url: url), logger: Logger(label: "cache") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { await store.run() }
        while !store.statistics.isConnected { try await Task.sleep(for: .milliseconds(10)) }
        try await body(store)
        running.cancel()
        await running.value
    }

    private static let dimensions = 1_536
    private static let key = QuestionKey("a question", EmbeddingModel(id: "model", dimensions: dimensions))

    private func hits(in store: RedisStore, _ name: String) async throws -> [String] {
        let components = (0..<Self.dimensions).map { Float($0) / Float(Self.dimensions) }
        var rows: [String] = []
        for (size, other) in [("one vector", components), ("two", components.reversed())] {
            let value = QueryVector(alone: components, besideWords: other, meaning: 1, ceiling: 1).encoded(for: Self.key)
            store.keep(value, as: size, for: .seconds(600))
            guard await store.value(of: size) == value else { throw ValidationError("what was kept did not come back") }
            var times: [Double] = []
            for _ in 0..<lookups {
                let begin = ContinuousClock.now
                guard let bytes = await store.value(of: size), QueryVector(bytes, for: Self.key, dimensions: Self.dimensions) != nil else {
                    throw ValidationError("a look-up found nothing")
                }
                times.append((ContinuousClock.now - begin) / .microseconds(1))
            }
            rows.append("| \(name), \(size), \(value.count) bytes | \(Self.percentiles(times)) µs |")
        }
        let (tasks, share) = (32, lookups / 10)
        let elapsed = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<tasks {
                    group.addTask {
                        for _ in 0..<share {
                            guard await store.value(of: "one vector") != nil else { throw ValidationError("a look-up found nothing") }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        rows.append("| \(name), one vector, \(tasks) at a time | \(Int(Double(tasks * share) / (elapsed / .seconds(1)))) a second |")
        return rows
    }

    private func outage(of server: Process, _ store: RedisStore) async throws -> [String] {
        kill(server.processIdentifier, SIGSTOP)
        let first = await ContinuousClock().measure { _ = await store.value(of: "one vector") }
        while store.statistics.isConnected { try await Task.sleep(for: .milliseconds(1)) }
        let count = 1_000_000
        let elapsed = await ContinuousClock().measure {
            for _ in 0..<count { _ = await store.value(of: "one vector") }
        }
        kill(server.processIdentifier, SIGKILL)
        return [
            "| Redis stops answering: whoever asks first | \(String(format: "%.1f", first / .milliseconds(1))) ms |",
            "| … and everybody after that | \(String(format: "%.2f", elapsed / .microseconds(1) / Double(count))) µs |",
        ]
    }

    private static func percentiles(_ times: [Double]) -> String {
        let sorted = times.sorted()
        return [0.5, 0.95, 0.99].map { String(format: "%.0f", sorted[Int($0 * Double(sorted.count - 1))]) }.joined(separator: " / ")
    }

    private func report(_ machine: Machine, _ rows: [String]) -> String {
        """
        # Vectors of questions in Redis

        \(machine.processor), \(machine.cores) cores; load \(String(format: "%.2f", machine.load)) at the start. \(lookups) look-ups one after \
        another, from the question to vectors that were checked and decoded: p50 / p95 / p99.

        ```
        make cache
        ```

        | | |
        |---|---|
        \(rows.joined(separator: "\n"))

        """
    }
}
