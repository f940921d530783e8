import Foundation
import Synchronization

/// A Redis server of a test's own, in a folder that goes with it, on a Unix socket and, where asked, a free port of this machine.
public final class RedisServer: Sendable {
    private static let running = Mutex<Set<pid_t>>([])

    /// Where the socket is.
    public let folder: String
    /// Nil where it listens on its socket alone.
    public let port: Int?
    private let settings: [String]
    private let process = Mutex<Process?>(nil)

    /// Starts a server and waits until it listens.
    /// - Parameters:
    ///   - settings: Redis' own, such as `["requirepass", "secret"]`.
    ///   - hasPort: whether it also listens on a port.
    public static func start(_ settings: [String] = [], hasPort: Bool = false) async throws -> RedisServer {
        // Another program may take the port before the server does, which then fails to start.
        let listener = hasPort ? try await RawServer() : nil
        try await listener?.stop()
        let server = try RedisServer(settings, port: listener?.port)
        try await server.launch()
        return server
    }

    private init(_ settings: [String], port: Int?) throws {
        // A socket's path may have 107 bytes: the temporary folder of the environment may already be longer.
        folder = "/tmp/bredis-\(UUID().uuidString.prefix(8).lowercased())"
        self.settings = settings
        self.port = port
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(atPath: folder)
    }

    public var socket: String { "\(folder)/redis.sock" }

    /// Starts it, again after ``kill()``: on the same socket and port, with nothing in it.
    public func launch() async throws {
        try? FileManager.default.removeItem(atPath: socket)
        let process = Process()
        process.executableURL = URL(filePath: try Self.program(in: folder))
        process.arguments =
            ["--port", "\(port ?? 0)", "--bind", "127.0.0.1", "--unixsocket", socket, "--dir", folder, "--save", "", "--appendonly", "no"]
            + stride(from: 0, to: settings.count, by: 2).flatMap { ["--\(settings[$0])", settings[$0 + 1]] }
        process.standardInput = FileHandle.nullDevice
        let log = "\(folder)/log"
        try Data().write(to: URL(filePath: log))
        let end = try FileHandle(forWritingTo: URL(filePath: log))
        (process.standardOutput, process.standardError) = (end, end)
        try process.run()
        try end.close()
        let pid = process.processIdentifier
        let isFirst = Self.running.withLock { $0.insert(pid).inserted && $0.count == 1 }
        if isFirst { atexit { for pid in RedisServer.running.withLock({ $0 }) { Foundation.kill(pid, SIGKILL) } } }
        self.process.withLock { $0 = process }
        let isUp = try await eventually { FileManager.default.fileExists(atPath: socket) || !process.isRunning }
        guard isUp, process.isRunning else {
            let text = try String(contentsOfFile: log, encoding: .utf8)
            throw TestFailure("the Redis server did not start: \(text.suffix(1_000))")
        }
    }

    /// Ends it with SIGKILL and waits until it is gone.
    public func kill() {
        guard let process = process.withLock({ $0 }), process.isRunning else { return }
        send(SIGKILL)
        process.waitUntilExit()
        _ = Self.running.withLock { $0.remove(process.processIdentifier) }
    }

    /// Sends a signal, such as SIGSTOP: then it takes connections and answers nothing.
    public func send(_ signal: Int32) {
        guard let pid = process.withLock({ $0?.processIdentifier }) else { return }
        Foundation.kill(pid, signal)
    }

    /// The program that is the server. Debian's package redis-tools has it as `redis-check-rdb`, without the service that redis-server
    /// would bring; the name it is called by tells it what to be.
    private static func program(in folder: String) throws -> String {
        let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/bin"]
        let find = { (name: String) in places.lazy.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) } }
        if let server = find("redis-server") { return server }
        guard let check = find("redis-check-rdb") else {
            throw TestFailure("there is no redis-server on this machine: run scripts/setup.sh, which installs redis-tools")
        }
        let link = "\(folder)/redis-server"
        if !FileManager.default.fileExists(atPath: link) {
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: check)
        }
        return link
    }
}
