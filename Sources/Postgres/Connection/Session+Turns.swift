import CPostgres
import Dispatch

/// Turns: who uses the connection now, who waits, and how the one whose turn it is gets stopped.
extension Session {
    /// Runs `body` when its turn comes; afterwards the connection is ready for the next.
    func withTurn<R: Sendable>(
        _ request: OperationRequest, kind: Operation.Kind = .statement, _ body: (isolated Session) async throws(PostgresError) -> R
    ) async throws -> R {
        try await begin(request, kind: kind)
        do throws(PostgresError) {
            let value = try await body(self)
            await end(request.id)
            return value
        } catch {
            let translated = translate(error, request)
            await end(request.id)
            throw translated
        }
    }

    /// Waits for the turn of an operation, first come, first served.
    func begin(_ request: OperationRequest, kind: Operation.Kind) async throws {
        if !request.isShielded { try Task.checkCancellation() }
        if let lost { throw lost.at(request.place, statement: nil) }
        guard let active else { return activate(request, kind) }
        guard active.kind != .streaming else {
            throw PostgresError(
                code: .connectionBusy, message: "the connection is streaming or copying rows and cannot take a statement until that ends",
                hint: "use another connection for statements inside the body of a stream or copy"
            ).at(request.place, statement: nil)
        }
        try await withCheckedThrowingContinuation { continuation in
            waiters.append(Waiter(request: request, kind: kind, continuation: continuation))
        }
    }

    private func activate(_ request: OperationRequest, _ kind: Operation.Kind) {
        var operation = Operation(id: request.id, kind: kind)
        if let timeout = request.timeout {
            operation.timeout = timeout
            operation.deadline = .now + timeout
        }
        active = operation
        shared.standing.store(.busy, ordering: .sequentiallyConsistent)
        armTimer()
    }

    private var standing: Standing {
        switch handle.transactionStatus {
        case PQTRANS_IDLE: .idle
        case PQTRANS_INTRANS: .inTransaction
        case PQTRANS_INERROR: .inFailedTransaction
        default: .busy
        }
    }

    /// Ends an operation: waits for a cancel request still on its way, which would hit the next statement, and hands over to the next in line.
    func end(_ id: UInt64) async {
        guard active?.id == id else { return }
        active?.deadline = nil
        if active?.isCancelRequestUnderWay == true, lost == nil {
            await withCheckedContinuation { cancelReturned = $0 }
        }
        active = nil
        shared.standing.store(standing, ordering: .sequentiallyConsistent)
        reader?.set(on: true)
        if let lost {
            handle.finish()
            for waiter in waiters { waiter.continuation.resume(throwing: lost.at(waiter.request.place, statement: nil)) }
            waiters = []
        } else if let next = waiters.popFirst() {
            activate(next.request, next.kind)
            next.continuation.resume()
        }
    }

    /// Asks the server to stop an operation, or takes it out of the line.
    func interrupt(_ id: UInt64, _ reason: Operation.Interruption) {
        if let index = waiters.firstIndex(where: { $0.request.id == id }) {
            waiters.remove(at: index).continuation.resume(throwing: CancellationError())
            return
        }
        guard active?.id == id, active?.interruption == nil, lost == nil else { return }
        active?.interruption = reason
        sendCancelRequest(id)
        after(Self.cancelGrace) { $0.giveUp(id) }
    }

    /// A request that arrives before the server has begun the statement is ignored there, so it is repeated until the statement has ended.
    private func sendCancelRequest(_ id: UInt64) {
        guard active?.id == id, lost == nil else { return }
        active?.isCancelRequestUnderWay = true
        active?.cancelRequests += 1
        cancelHandle.send { [weak self, executor] problem in
            executor.queue.async { [weak self] in self?.assumeIsolated { $0.cancelRequestReturned(id, problem) } }
        }
    }

    private func cancelRequestReturned(_ id: UInt64, _ problem: String?) {
        if let problem { logger.warning("a cancel request could not be sent", metadata: ["problem": "\(problem)"]) }
        guard active?.id == id else { return }
        active?.isCancelRequestUnderWay = false
        if let continuation = cancelReturned {
            cancelReturned = nil
            return continuation.resume()
        }
        let pause = Duration.milliseconds(50 * (1 << min(active?.cancelRequests ?? 0, 5)))
        after(pause) { $0.sendCancelRequest(id) }
    }

    private func giveUp(_ id: UInt64) {
        guard active?.id == id else { return }
        breakConnection(
            PostgresError(code: .connectionLost, message: "the server did not stop a cancelled statement within \(Self.cancelGrace.text)"))
    }

    /// At most one timer is pending at a time; it looks at the operation whose turn it then is.
    private func armTimer() {
        guard let deadline = active?.deadline, nextTimer.map({ deadline < $0 }) ?? true else { return }
        nextTimer = deadline
        after(ContinuousClock.now.duration(to: deadline)) { $0.timerFired() }
    }

    private func timerFired() {
        nextTimer = nil
        guard let active, let deadline = active.deadline else { return }
        if deadline <= .now, let timeout = active.timeout { interrupt(active.id, .timedOut(timeout)) } else { armTimer() }
    }

    private func after(_ delay: Duration, _ action: @escaping @Sendable (isolated Session) -> Void) {
        executor.queue.asyncAfter(deadline: .now() + max(0, delay.seconds)) { [weak self] in
            self?.assumeIsolated { action($0) }
        }
    }

    /// What the caller gets to see: the server only says "canceled", the operation knows why.
    func translate(_ error: PostgresError, _ request: OperationRequest) -> any Error {
        guard error.code == .queryCanceled || lost != nil, let active, active.id == request.id else { return error }
        switch active.interruption {
        case .taskCancelled: return CancellationError()
        case .timedOut(let timeout):
            var timedOut = PostgresError(code: .timedOut, message: "the statement took longer than \(timeout.text) and was cancelled")
            timedOut.statement = error.statement
            timedOut.place = error.place
            return timedOut
        case .abandoned, nil: return error
        }
    }
}
