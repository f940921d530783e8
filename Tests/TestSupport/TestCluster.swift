import Dispatch
public import EmbeddedPostgres
import Foundation
import Glibc
public import Logging
public import Postgres
import Storage
import Synchronization

/// A private PostgreSQL of the test process: one that all tests share, or one of a test's own that it may stop and kill.
///
/// It is stopped and removed when the process ends; what a killed process left behind is removed by the next one.
public final class TestCluster: Sendable {
    private static let running = Mutex<[TestCluster]>([])
    private static let common = Task { try await TestCluster.start() }
    private static let folderPrefix = "bunko-tests-"

    public let folder: String
    public let cluster: EmbeddedCluster
    /// The administrator's login on the database `postgres`.
    public let superuser: PostgresConfiguration

    private init(folder: String, cluster: EmbeddedCluster, superuser: PostgresConfiguration) {
        self.folder = folder
        self.cluster = cluster
        self.superuser = superuser
    }

    /// The cluster of the process, started by the first test that needs it.
    public static func shared() async throws -> TestCluster { try await common.value }

    /// Starts a cluster without any role or database of the product.
    public static func start() async throws -> TestCluster {
        let folder = "/tmp/\(folderPrefix)\(getpid())-\(UUID().uuidString.prefix(8))"
        guard mkdir(folder, 0o711) == 0, chmod(folder, 0o711) == 0 else { throw TestFailure("cannot make \(folder)") }
        let cluster = EmbeddedCluster(dataDirectory: folder, logger: .silent)
        let made = TestCluster(folder: folder, cluster: cluster, superuser: try await cluster.start())
        let isFirst = running.withLock { clusters in
            clusters.append(made)
            return clusters.count == 1
        }
        if isFirst {
            atexit { TestCluster.removeAll() }
            removeLeftovers()
        }
        // What is lost in a crash of a test's server does not matter; each commit would wait for the disk otherwise.
        try await made.execute("ALTER SYSTEM SET synchronous_commit = off", "SELECT pg_reload_conf()")
        return made
    }

    /// Runs statements as the administrator.
    public func execute(_ statements: SQL..., database: String = "postgres") async throws {
        var login = superuser
        login.database = database
        try await withConnection(login) { connection in
            for statement in statements { _ = try await connection.query(statement) }
        }
    }

    /// Kills the server as a crash would, and starts it again on the same folder.
    public func killServer() async throws {
        guard let pid = cluster.status.pid, kill(pid, SIGKILL) == 0 else { throw TestFailure("no server to kill") }
        try await cluster.stop()
        let login = try await cluster.start()
        guard login.host == superuser.host else { throw TestFailure("the server came back at \(login.host)") }
    }

    /// Stops the server for good and removes its folder.
    public func remove() async throws {
        try await cluster.stop()
        try FileManager.default.removeItem(atPath: folder)
        Self.running.withLock { $0.removeAll { $0 === self } }
    }

    private static func removeAll() {
        for cluster in running.withLock({ $0 }) { end(folder: cluster.folder) }
    }

    private static func removeLeftovers() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? [] where name.hasPrefix(folderPrefix) {
            let owner = name.dropFirst(folderPrefix.count).prefix { $0.isNumber }
            guard let pid = Int32(owner), kill(pid, 0) != 0, errno == ESRCH else { continue }
            end(folder: "/tmp/\(name)")
        }
    }

    /// Ends the server of a folder without ceremony and removes both of its folders. Works while the process exits, when no task runs any more.
    private static func end(folder: String) {
        let file = (try? String(contentsOfFile: "\(folder)/postgres/postmaster.pid", encoding: .utf8)) ?? ""
        let lines = file.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.count > 4, let pid = Int32(lines[0]), isServer(pid, of: folder) {
            kill(pid, SIGQUIT)
            for _ in 0..<500 where waitpid(pid, nil, WNOHANG) == 0 || isServer(pid, of: folder) { usleep(10_000) }
            try? FileManager.default.removeItem(atPath: String(lines[4]))
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func isServer(_ pid: Int32, of folder: String) -> Bool {
        let arguments = (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)) ?? ""
        return arguments.contains(folder)
    }
}

/// Lends a connection and closes it.
@discardableResult
public func withConnection<R>(
    _ login: PostgresConfiguration, isolation: isolated (any Actor)? = #isolation, _ body: (PostgresConnection) async throws -> R
) async throws -> R {
    let connection = try await PostgresConnection.connect(login, logger: .silent)
    do {
        let value = try await body(connection)
        await connection.close()
        return value
    } catch {
        await connection.close()
        throw error
    }
}

/// A test could not be set up.
public struct TestFailure: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

extension Logger {
    /// Errors speak for themselves in tests.
    public static var silent: Logger { Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() } }
}
