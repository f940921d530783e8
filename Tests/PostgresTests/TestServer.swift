import Dispatch
import Foundation
import Logging
import Postgres
import Synchronization
import Testing

/// A PostgreSQL server of the tests' own, in a folder that goes with the process. It listens on a Unix socket only.
final class TestServer: Sendable {
    /// Started by the first test that needs it, stopped at the end of the process.
    private static let shared = Task { try await TestServer.start() }
    private static let running = Mutex<[TestServer]>([])

    let folder: URL
    private let binaries: URL
    private let databaseCounter = Atomic<Int>(0)

    static func common() async throws -> TestServer { try await shared.value }

    static func start() async throws -> TestServer {
        let server = try TestServer()
        try await server.run("initdb", ["-D", server.data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"])
        try await server.launch()
        let isFirst = running.withLock { servers in
            servers.append(server)
            return servers.count == 1
        }
        if isFirst { atexit { TestServer.stopAll() } }
        for database in ["template1", "postgres"] {
            let connection = try await server.connect(database: database)
            try await connection.execute("CREATE EXTENSION vector")
            await connection.close()
        }
        return server
    }

    private init() throws {
        binaries = try Self.findBinaries()
        // A socket's path may have 107 bytes: the temporary folder of the environment may already be longer.
        folder = URL(fileURLWithPath: "/tmp/bpg-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
        // The umask may have taken the others' rights away, and the server runs as another user when the tests run as root.
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
    }

    private var data: String { folder.appendingPathComponent("data").path }

    /// Where Debian and Ubuntu install the server: the newest version there is.
    private static func findBinaries() throws -> URL {
        let root = URL(fileURLWithPath: "/usr/lib/postgresql")
        let versions = try FileManager.default.contentsOfDirectory(atPath: root.path).compactMap { Int($0) }.sorted()
        guard let newest = versions.last else { throw TestServerError(message: "no PostgreSQL server is installed under \(root.path)") }
        return root.appendingPathComponent("\(newest)/bin")
    }

    func launch() async throws {
        let settings = ["listen_addresses=", "fsync=off", "max_connections=120", "logging_collector=on", "log_min_messages=warning"]
        // A child of this process and not one that pg_ctl leaves behind: Foundation takes a process for running as long as a descendant lives.
        try process("postgres", ["-D", data, "-k", folder.path] + settings.flatMap { ["-c", $0] }).run()
        let isUp = try await eventually(within: .seconds(30)) {
            guard let connection = try? await connect() else { return false }
            await connection.close()
            return true
        }
        guard isUp else { throw TestServerError(message: "the server did not start within 30 s") }
    }

    func stop() async throws {
        try await run("pg_ctl", ["-D", data, "-m", "fast", "-w", "stop"])
    }

    private static func stopAll() {
        for server in running.withLock({ $0 }) {
            _ = try? server.runBlocking("pg_ctl", ["-D", server.data, "-m", "immediate", "-w", "stop"])
            try? FileManager.default.removeItem(at: server.folder)
        }
    }

    private func run(_ program: String, _ arguments: [String]) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try self.runBlocking(program, arguments) })
            }
        }
    }

    private func runBlocking(_ program: String, _ arguments: [String]) throws {
        let process = process(program, arguments)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TestServerError(message: "\(program) ended with status \(process.terminationStatus)")
        }
    }

    /// The server refuses to run as root, so root runs it as the user that the distribution's package made.
    private func process(_ program: String, _ arguments: [String]) -> Process {
        let path = binaries.appendingPathComponent(program).path
        let process = Process()
        let isRoot = geteuid() == 0
        process.executableURL = URL(fileURLWithPath: isRoot ? "/usr/sbin/runuser" : path)
        process.arguments = isRoot ? ["-u", "postgres", "--", path] + arguments : arguments
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }

    func configuration(database: String = "postgres") -> PostgresConfiguration {
        PostgresConfiguration(host: folder.path, database: database, user: "tester", applicationName: "postgres-tests")
    }

    func connect(database: String = "postgres") async throws -> PostgresConnection {
        try await PostgresConnection.connect(configuration(database: database), logger: .silent)
    }

    /// A database that no other test uses, with the extension vector in it.
    func freshDatabase() async throws -> PostgresConfiguration {
        let name = "test_\(databaseCounter.add(1, ordering: .relaxed).newValue)"
        let connection = try await connect()
        try await connection.execute("CREATE DATABASE \(identifier: name)")
        await connection.close()
        return configuration(database: name)
    }
}

struct TestServerError: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}

extension Logger {
    static var silent: Logger { Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() } }
}

/// A connection to the common server for one test.
func withConnection<R>(
    isolation: isolated (any Actor)? = #isolation, _ body: (PostgresConnection) async throws -> R
) async throws -> R {
    let connection = try await TestServer.common().connect()
    do {
        let value = try await body(connection)
        await connection.close()
        return value
    } catch {
        await connection.close()
        throw error
    }
}

/// Waits until a condition holds; false when it does not within the limit.
func eventually(within limit: Duration = .seconds(10), _ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return try await condition()
}

/// A connection must be ready for a statement whatever happened on it before.
func expectUsable(_ connection: PostgresConnection, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let rows = try await connection.query("SELECT 42")
    #expect(try rows.first?.decode(Int.self) == 42, sourceLocation: sourceLocation)
}

/// A value that several tasks change: a reference, because closures inside closures cannot capture a `Mutex` itself.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    @discardableResult
    func withLock<R: Sendable>(_ body: (inout Value) -> R) -> R {
        value.withLock { value in
            let result = body(&value)
            return result
        }
    }
}
