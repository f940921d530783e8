import Foundation
import Glibc
import Testing

/// The built binary as a process of its own.
struct BunkoProcess: Sendable {
    struct Outcome: Sendable {
        let code: Int32
        let output: String
        let errors: String

        func json() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], "no JSON object: \(output)")
        }
    }

    /// Beside the test bundle, where the build puts both.
    static var binary: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "bunko")
    }

    /// Runs a command to its end, at most two minutes.
    static func run(_ arguments: [String], environment: [String: String] = [:], input: String? = nil) async throws -> Outcome {
        let running = try Running(binary, arguments, environment: environment, input: input)
        let code = try await running.exitCode(within: .seconds(120))
        return Outcome(code: code, output: running.output, errors: running.errors)
    }

    static func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Running {
        try Running(binary, arguments, environment: environment)
    }

    /// A process that is under way, its output in files so that no pipe can fill up.
    final class Running: Sendable {
        private let process: Process
        private let files: TemporaryFolder

        init(_ program: URL, _ arguments: [String], environment: [String: String] = [:], input: String? = nil) throws {
            files = try TemporaryFolder()
            process = Process()
            process.executableURL = program
            process.arguments = arguments
            var inherited = ProcessInfo.processInfo.environment.filter {
                !$0.key.hasPrefix("BUNKO_") && !["DATABASE_URL", "REDIS_URL"].contains($0.key)
            }
            // The model takes seconds a passage where C is not optimised, as in the builds of tests; its own tests ask for it.
            inherited["BUNKO_EMBEDDING_MODEL"] = "hash"
            inherited.merge(environment) { $1 }
            process.environment = inherited
            process.standardInput = try input.map { try FileHandle(forReadingFrom: URL(filePath: files.write("input", $0))) } ?? .nullDevice
            let ends = try [Self.file(files.path("output")), Self.file(files.path("errors"))]
            process.standardOutput = ends[0]
            process.standardError = ends[1]
            try process.run()
            // Foundation never frees a process that ran, nor the files it was given; and with more than some 1,300 files open
            // its next run reads past the listing of /proc/self/fd.
            for end in ends { try end.close() }
        }

        private static func file(_ path: String) throws -> FileHandle {
            try Data().write(to: URL(filePath: path))
            return try FileHandle(forWritingTo: URL(filePath: path))
        }

        var pid: pid_t { process.processIdentifier }
        var isRunning: Bool { process.isRunning }
        var output: String { text("output") }
        var errors: String { text("errors") }

        private func text(_ name: String) -> String {
            String(decoding: FileManager.default.contents(atPath: files.path(name)) ?? Data(), as: UTF8.self)
        }

        func send(_ signal: Int32) { kill(pid, signal) }

        /// Waits for the end; a process that outlives the time is killed and the test fails.
        func exitCode(within limit: Duration) async throws -> Int32 {
            do {
                try await eventually("the process to end", within: limit) { !process.isRunning }
            } catch {
                send(SIGKILL)
                Issue.record("still running after \(limit): \(process.arguments ?? [])\n\(errors.suffix(4_000))")
                throw error
            }
            return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        }
    }
}

/// A folder of this test alone under /tmp, removed with the last reference to it. PostgreSQL's account can pass through it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/bunko-test-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o711])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    @discardableResult
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let file = path(name)
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try write(name, text.utf8) }
}

struct TimedOut: Error, CustomStringConvertible {
    let description: String
}

/// Looks again and again until something holds.
func eventually(_ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    while true {
        if try await condition() { return }
        guard ContinuousClock.now < deadline else { throw TimedOut(description: "waited \(limit) for \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
