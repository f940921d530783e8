import Synchronization

/// A number of places that are taken and given back; whoever finds too few waits in the order of coming.
final class Permits: Sendable {
    private struct Waiter {
        let ticket: UInt64
        let count: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var free: Int
        var lastTicket: UInt64 = 0
        var waiting: [Waiter] = []

        /// Takes the places of those at the head of the line for whom there are enough.
        mutating func admitWaiting() -> [Waiter] {
            var admitted: [Waiter] = []
            while let first = waiting.first, first.count <= free {
                free -= first.count
                admitted.append(waiting.removeFirst())
            }
            return admitted
        }
    }

    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    /// Takes some places at once, at most as many as there are.
    /// - Throws: `CancellationError` when the task ends while it waits; then nothing was taken.
    func take(_ count: Int = 1) async throws {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome = admit(Waiter(ticket: ticket, count: count, continuation: continuation))
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let (waiter, next) = state.withLock { state in
                let waiter = state.waiting.firstIndex { $0.ticket == ticket }.map { state.waiting.remove(at: $0) }
                // Fewer places may do for those behind it.
                return (waiter, state.admitWaiting())
            }
            waiter?.continuation.resume(throwing: CancellationError())
            for waiter in next { waiter.continuation.resume() }
        }
    }

    /// How many wait.
    var waiting: Int { state.withLock { $0.waiting.count } }

    func giveBack(_ count: Int = 1) {
        let next = state.withLock { state in
            state.free += count
            return state.admitWaiting()
        }
        for waiter in next { waiter.continuation.resume() }
    }

    /// Nil when it has to wait. Under the lock, so that a cancellation is either seen here or finds the waiter.
    private func admit(_ waiter: Waiter) -> Result<Void, any Error>? {
        state.withLock { state in
            if Task.isCancelled { return .failure(CancellationError()) }
            guard state.waiting.isEmpty, state.free >= waiter.count else {
                state.waiting.append(waiter)
                return nil
            }
            state.free -= waiter.count
            return .success(())
        }
    }
}
