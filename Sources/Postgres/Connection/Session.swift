import CPostgres
import DequeModule
import Dispatch
import Foundation
import Logging
import Synchronization

/// The conversation with one server process through non-blocking libpq.
///
/// Everything runs on the queue of ``QueueExecutor``. Operations take turns in the order in which they came. Between the steps of an operation the
/// session waits for the socket without a thread. Reading stays switched on while nothing is asked, so that notifications and the end of the
/// connection are noticed at once; only a stream whose reader is slower than the server switches it off.
actor Session {
    nonisolated let executor: QueueExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    /// What callers may see without a turn on the queue.
    nonisolated let shared = Shared()
    nonisolated let logger: Logger

    let handle: LibpqHandle
    let cancelHandle: CancelHandle
    var reader: SocketSource?
    var writer: SocketSource?
    var socketEvent: CheckedContinuation<Void, Never>?
    /// Why the connection cannot be used any more.
    var lost: PostgresError?

    var active: Operation?
    var waiters: Deque<Waiter> = []
    var nextTimer: ContinuousClock.Instant?
    var cancelReturned: CheckedContinuation<Void, Never>?

    var statements: StatementCache
    var extensionOIDs: [String: UInt32] = [:]
    var listeners: [UInt64: Listener] = [:]

    struct Waiter {
        let request: OperationRequest
        let kind: Operation.Kind
        let continuation: CheckedContinuation<Void, any Error>
    }

    struct Listener {
        let channels: [String]
        let continuation: AsyncThrowingStream<PostgresNotification, any Error>.Continuation
    }

    final class Shared: Sendable {
        let isBroken = Atomic<Bool>(false)
        let standing = Atomic<Standing>(.idle)
        let hasListeners = Atomic<Bool>(false)
    }

    /// Where the conversation stands after the last operation.
    enum Standing: UInt8, AtomicRepresentable {
        /// Outside a transaction.
        case idle
        case inTransaction
        /// In a transaction that can only be rolled back.
        case inFailedTransaction
        /// An operation is under way.
        case busy
    }

    /// How long the server may take to stop a statement before the connection is given up.
    static let cancelGrace: Duration = .seconds(10)

    init(handle: LibpqHandle, cancelHandle: CancelHandle, executor: QueueExecutor, statementLimit: Int, logger: Logger) {
        self.handle = handle
        self.cancelHandle = cancelHandle
        self.executor = executor
        self.logger = logger
        statements = StatementCache(limit: statementLimit)
    }

    /// Starts watching the socket of a connection that has just been made.
    func start() throws(PostgresError) {
        PQsetnonblocking(handle.pointer, 1)
        let socket = PQsocket(handle.pointer)
        reader = try SocketSource(socket: socket, kind: .readable, queue: executor.queue) { [weak self] in
            self?.assumeIsolated { $0.socketBecameReadable() }
        }
        writer = try SocketSource(socket: socket, kind: .writable, queue: executor.queue) { [weak self] in
            self?.assumeIsolated { $0.socketBecameWritable() }
        }
        reader?.set(on: true)
    }

    private func socketBecameReadable() {
        repeat {
            guard lost == nil else { return }
            if PQconsumeInput(handle.pointer) == 0 { return breakConnection(handle.error(.connectionLost)) }
            deliverNotifications()
        } while hasHungUp
        wake()
    }

    /// Whether the server has closed its end. On Linux an event source reports that once and is silent from then on, even when unread data was in front
    /// of the end: then everything has to be read at once, and there is nothing to wait for.
    private var hasHungUp: Bool {
        let hangUp = Int16(POLLHUP) | Int16(POLLERR)
        var descriptor = pollfd(fd: PQsocket(handle.pointer), events: 0, revents: 0)
        return poll(&descriptor, 1, 0) > 0 && descriptor.revents & hangUp != 0
    }

    private func isReadableBriefly() -> Bool {
        var descriptor = pollfd(fd: PQsocket(handle.pointer), events: Int16(POLLIN), revents: 0)
        return lost == nil && poll(&descriptor, 1, Self.briefly) > 0
    }

    private func socketBecameWritable() {
        writer?.set(on: false)
        wake()
    }

    private func wake() {
        socketEvent?.resume()
        socketEvent = nil
    }

    /// How long the session's own thread waits for the socket, in milliseconds. Answers of short statements come within it, and giving the thread
    /// up and getting one again would take longer than they do.
    private static let briefly: Int32 = 1

    /// Waits for what the server answers: at first for a moment on the thread of the session's queue, then without one.
    func answered() async {
        if isReadableBriefly() { return socketBecameReadable() }
        await socketReady()
    }

    /// Waits until the socket was readable (and has been read) or writable.
    func socketReady() async {
        if hasHungUp { return socketBecameReadable() }
        reader?.set(on: true)
        await withCheckedContinuation { socketEvent = $0 }
    }

    /// Reads what has arrived at the socket, without waiting. False when nothing had, or the connection is gone.
    func readMore() -> Bool {
        var bytes = Int32(0)
        guard lost == nil, ioctl(PQsocket(handle.pointer), UInt(FIONREAD), &bytes) == 0, bytes > 0 else { return false }
        guard PQconsumeInput(handle.pointer) == 1 else {
            breakConnection(handle.error(.connectionLost))
            return false
        }
        deliverNotifications()
        return true
    }

    /// Lets time pass on the session's queue.
    func pause(_ time: DispatchTimeInterval) async {
        let queue = executor.queue
        await withCheckedContinuation { continuation in
            queue.asyncAfter(deadline: .now() + time) { continuation.resume() }
        }
    }

    /// Sends what libpq has buffered.
    func flush() async throws(PostgresError) {
        while true {
            if let lost { throw lost }
            switch PQflush(handle.pointer) {
            case 0: return
            case 1:
                writer?.set(on: true)
                await socketReady()
            default: throw lostConnection()
            }
        }
    }

    /// The next result of the statement under way; nil at its end.
    func nextResult() async throws(PostgresError) -> ResultHandle? {
        while PQisBusy(handle.pointer) == 1 {
            if lost != nil { break }
            await answered()
        }
        if let lost {
            // The server's last words ("terminating connection due to administrator command") say more than the end of the connection does.
            guard PQstatus(handle.pointer) == CONNECTION_BAD, let result = PQgetResult(handle.pointer) else { throw lost }
            throw ResultHandle(result).error ?? lost
        }
        return PQgetResult(handle.pointer).map { ResultHandle($0) }
    }

    /// Notes that the connection is gone, tells whoever waits or listens, and returns the reason.
    func lostConnection() -> PostgresError {
        breakConnection(handle.error(.connectionLost))
        return lost ?? handle.error(.connectionLost)
    }

    func breakConnection(_ error: PostgresError) {
        guard lost == nil else { return }
        lost = error
        shared.isBroken.store(true, ordering: .sequentiallyConsistent)
        reader?.cancel()
        writer?.cancel()
        for listener in listeners.values { listener.continuation.finish(throwing: error) }
        listeners = [:]
        shared.hasListeners.store(false, ordering: .sequentiallyConsistent)
        cancelReturned?.resume()
        cancelReturned = nil
        wake()
        if active == nil { handle.finish() }
    }

    /// Ends the connection. An operation under way fails.
    func close() {
        breakConnection(PostgresError(code: .connectionLost, message: "the connection was closed"))
    }
}
