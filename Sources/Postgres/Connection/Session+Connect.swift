import CPostgres
import Dispatch
import Logging

/// Making a connection.
extension Session {
    /// Connects without blocking a thread, except for the look-up of the host's name, which libpq does on the session's queue.
    static func connect(_ configuration: PostgresConfiguration, logger: Logger) async throws(PostgresError) -> Session {
        let attempt = ConnectAttempt(configuration, logger: logger)
        let session: Result<Session, PostgresError> = await withTaskCancellationHandler {
            do throws(PostgresError) { return .success(try await attempt.run()) } catch { return .failure(error) }
        } onCancel: {
            attempt.cancel()
        }
        return try session.get()
    }
}

/// One attempt to connect, on the queue that becomes the session's.
actor ConnectAttempt {
    nonisolated let executor: QueueExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let configuration: PostgresConfiguration
    private let logger: Logger
    private var pending: (source: SocketSource, continuation: CheckedContinuation<Void, Never>)?
    private var failure: PostgresError?

    init(_ configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        executor = QueueExecutor(label: "postgres.connection")
    }

    func run() async throws(PostgresError) -> Session {
        startTimer()
        let pointer = try begin()
        do throws(PostgresError) {
            try await poll(pointer)
        } catch {
            PQfinish(pointer)
            throw error
        }
        guard let cancelHandle = CancelHandle(pointer) else {
            PQfinish(pointer)
            throw PostgresError(code: .connectFailed, message: "out of memory")
        }
        let session = Session(
            handle: LibpqHandle(pointer, logger: logger), cancelHandle: cancelHandle, executor: executor,
            statementLimit: configuration.preparedStatementLimit, logger: logger)
        try await session.start()
        return session
    }

    nonisolated func cancel() {
        executor.queue.async { self.assumeIsolated { $0.fail(PostgresError(code: .cancelled, message: "connecting was cancelled")) } }
    }

    private func startTimer() {
        let limit = configuration.connectTimeout
        executor.queue.asyncAfter(deadline: .now() + limit.seconds) { [weak self] in
            self?.assumeIsolated {
                $0.fail(
                    PostgresError(
                        code: .connectFailed, message: "no connection to \($0.configuration) within \(limit.text)",
                        hint: "check the address, and whether a firewall drops packets"))
            }
        }
    }

    private func fail(_ error: PostgresError) {
        failure = failure ?? error
        wake()
    }

    private func wake() {
        pending?.source.cancel()
        pending?.continuation.resume()
        pending = nil
    }

    private func begin() throws(PostgresError) -> OpaquePointer {
        if let failure { throw failure }
        let parameters = configuration.libpqParameters
        let pointer = withCStrings(parameters.map(\.name)) { names in
            withCStrings(parameters.map(\.value)) { values in PQconnectStartParams(names, values, 0) }
        }
        guard let pointer else { throw PostgresError(code: .connectFailed, message: "out of memory") }
        return pointer
    }

    private func poll(_ pointer: OpaquePointer) async throws(PostgresError) {
        guard PQstatus(pointer) != CONNECTION_BAD else { throw refusal(pointer) }
        var wanted = PGRES_POLLING_WRITING
        while true {
            switch wanted {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: try await wait(PQsocket(pointer), .readable)
            case PGRES_POLLING_WRITING: try await wait(PQsocket(pointer), .writable)
            default: throw refusal(pointer)
            }
            if let failure { throw failure }
            wanted = PQconnectPoll(pointer)
        }
    }

    /// The socket may be another one after each poll, so each wait watches it anew.
    private func wait(_ socket: Int32, _ kind: SocketSource.Kind) async throws(PostgresError) {
        if let failure { throw failure }
        let source = try SocketSource(socket: socket, kind: kind, queue: executor.queue) { [weak self] in
            self?.assumeIsolated { $0.wake() }
        }
        source.set(on: true)
        await withCheckedContinuation { pending = (source, $0) }
    }

    /// libpq reports a failed start as text only: there is no SQLSTATE to be had.
    private func refusal(_ pointer: OpaquePointer) -> PostgresError {
        let text = PQerrorMessage(pointer).map { String(cString: $0).trimmingTrailingNewlines } ?? "unknown reason"
        return PostgresError(
            code: .connectFailed, message: text, hint: "is a server running at \(configuration), and may this user log in?")
    }
}

/// Calls `body` with a NULL-terminated array of C strings.
func withCStrings<R>(_ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R) -> R {
    var bytes: [CChar] = []
    let offsets = strings.map { string in
        defer { bytes.append(contentsOf: string.utf8CString) }
        return bytes.count
    }
    return bytes.withUnsafeBufferPointer { buffer in
        var pointers: [UnsafePointer<CChar>?] = offsets.map { offset in buffer.baseAddress.map { $0 + offset } }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
