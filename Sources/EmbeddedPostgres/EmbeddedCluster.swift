import Dispatch
import Glibc
public import Logging
public import Postgres
public import ServiceLifecycle
import Synchronization

/// A private PostgreSQL under a data folder: created when missing, started or taken over, watched, and stopped with the application.
///
/// ``start()`` first, then ``run()`` as the first service of the group, so that it is stopped last. One instance serves one folder;
/// a second server on the same folder, in this process or another, is refused by a lock.
public final class EmbeddedCluster: Service {
    /// What the cluster does, at one moment.
    public struct Status: Sendable, Equatable {
        /// The phases of its life.
        public enum Phase: String, Sendable {
            case stopped, starting, running, restarting, stopping
            /// Supervision gave up; the server may be down.
            case failed
        }
        /// What it does.
        public internal(set) var phase: Phase = .stopped
        /// The postmaster's; nil while none runs.
        public internal(set) var pid: Int32?
        /// How often it was started again after an end of its own.
        public internal(set) var restarts = 0
        /// How the last postmaster ended; nil before the first end.
        public internal(set) var lastExit: ExitDescription?
        /// Whether `start()` found it running and took it over.
        public internal(set) var wasTakenOver = false
        /// Folder of the unix socket; nil before the first start.
        public internal(set) var socketDirectory: String?
        /// The number in the socket's name; nothing listens on a network.
        public internal(set) var port = ClusterLayout.port
        /// Version of PostgreSQL; nil before the first start.
        public internal(set) var version: String?
    }

    struct State {
        var status = Status()
        var lock: DataDirectoryLock?
        var server: ClusterServer?
        var process: ServerProcess?
        var startedAt = ContinuousClock.now
        var configuration: PostgresConfiguration?
        var isAbandoned = false
    }

    let dataDirectory: String
    let givenInstallation: PostgresInstallation?
    let restartPolicy: RestartPolicy
    let logger: Logger
    let state = Mutex(State())

    // Starting and stopping wait for processes and disks: on a queue of their own, which also puts them in order.
    private let queue = DispatchQueue(label: "bunko.embedded-postgres")

    /// Prepares nothing yet.
    /// - Parameters:
    ///   - dataDirectory: bunko's data folder; made by ``start()`` when missing. Everything of the cluster lies in it under `postgres…`.
    ///   - installation: the PostgreSQL to use; nil picks the newest suitable one (of the cluster's major version when one exists).
    ///   - logger: takes the events of the cluster's life.
    public convenience init(dataDirectory: String, installation: PostgresInstallation? = nil, logger: Logger) {
        self.init(dataDirectory: dataDirectory, installation: installation, restartPolicy: RestartPolicy(), logger: logger)
    }

    init(dataDirectory: String, installation: PostgresInstallation?, restartPolicy: RestartPolicy, logger: Logger) {
        self.dataDirectory = dataDirectory
        givenInstallation = installation
        self.restartPolicy = restartPolicy
        self.logger = logger
    }

    /// What it does now. Never waits for an operation.
    public var status: Status { state.withLock { $0.status } }

    /// Locks the folder, creates the cluster if needed, takes over or starts its PostgreSQL, and waits until it accepts connections.
    ///
    /// Takes about 5 seconds with a new cluster, a fraction of one otherwise, minutes for crash recovery of a busy database.
    /// When it runs already, the same answer returns at once. After an error nothing is held.
    /// - Returns: how to connect, as superuser, to the database `postgres`.
    public func start() async throws(EmbeddedPostgresError) -> PostgresConfiguration {
        state.withLock { $0.isAbandoned = false }
        return try await abandoningWhenCancelled { cluster throws(EmbeddedPostgresError) in try cluster.startBlocking() }
    }

    /// Watches PostgreSQL and starts it again when it ends by itself, until the task is cancelled or graceful shutdown begins; then stops it.
    /// - Throws: `keepsFailing`, with the end of PostgreSQL's log, when it fails again and again; what ``stop()`` throws.
    public func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await self.supervise() }
        } catch {
            try await stop()
            throw error
        }
        try await stop()
    }

    /// Stops PostgreSQL (fast, then immediate, then by force) and frees the lock of the folder. Safe to call again, and in a cancelled task.
    ///
    /// Open transactions are rolled back. Takes a fraction of a second as a rule, 50 seconds at most.
    public func stop() async throws {
        state.withLock { $0.isAbandoned = true }
        try await offPool { cluster throws(EmbeddedPostgresError) in try cluster.stopBlocking() }
    }

    /// Runs blocking work in order on the cluster's queue; not interrupted by cancellation.
    func offPool<Value: Sendable>(
        _ work: @escaping @Sendable (EmbeddedCluster) throws(EmbeddedPostgresError) -> Value
    ) async throws(EmbeddedPostgresError) -> Value {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, EmbeddedPostgresError>, Never>) in
            queue.async {
                let result = Result { () throws(EmbeddedPostgresError) in try work(self) }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// The same for work that asks ``isAbandoned``: it ends soon after the task is cancelled.
    func abandoningWhenCancelled<Value: Sendable>(
        _ work: @escaping @Sendable (EmbeddedCluster) throws(EmbeddedPostgresError) -> Value
    ) async throws(EmbeddedPostgresError) -> Value {
        let result = await withTaskCancellationHandler {
            do throws(EmbeddedPostgresError) {
                return Result<Value, EmbeddedPostgresError>.success(try await offPool(work))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            state.withLock { $0.isAbandoned = true }
        }
        return try result.get()
    }

    /// Whether waiting for PostgreSQL is in vain.
    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }
}
