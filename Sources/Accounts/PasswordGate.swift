import Domain
import Synchronization

/// Lets a few password hashes be computed at a time, others in the order they came, and turns the rest away: a bcrypt of cost 12 keeps
/// a core busy for a quarter of a second, and a flood of log-ins must not keep everybody else from the database.
public final class PasswordGate: Sendable {
    private struct Waiter {
        let ticket: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var running = 0
        var lastTicket: UInt64 = 0
        var waiting: [Waiter] = []
    }

    private let width: Int
    private let queueLength: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - width: how many at a time; half the machine's cores leave the other half to searches.
    ///   - queueLength: how many may wait beyond those.
    public init(width: Int, queueLength: Int) {
        self.width = max(1, width)
        self.queueLength = queueLength
    }

    /// Runs the body when its turn has come.
    /// - Throws: `unavailable` at once when too many wait already, and `CancellationError` when the task ends while it waits.
    public func run<R>(isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> R) async throws -> R {
        try await enter()
        defer { leave() }
        return try await body()
    }

    private enum Verdict { case pass, wait, full, cancelled }

    private func enter() async throws {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                switch admit(Waiter(ticket: ticket, continuation: continuation)) {
                case .pass: continuation.resume()
                case .wait: break
                case .full: continuation.resume(throwing: Self.full)
                case .cancelled: continuation.resume(throwing: CancellationError())
                }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiting.firstIndex { $0.ticket == ticket }.map { state.waiting.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Under the lock, so that a cancellation is either seen here or finds the waiter.
    private func admit(_ waiter: Waiter) -> Verdict {
        state.withLock { state in
            if Task.isCancelled { return .cancelled }
            if state.running < width {
                state.running += 1
                return .pass
            }
            guard state.waiting.count < queueLength else { return .full }
            state.waiting.append(waiter)
            return .wait
        }
    }

    private func leave() {
        let next = state.withLock { state -> Waiter? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.running -= 1
            return nil
        }
        next?.continuation.resume()
    }

    private static let full = Problem(
        .unavailable, code: "logins_busy", "Too many passwords are being checked at this moment.", remedy: "Try again in a few seconds.",
        retryAfter: 2)
}
