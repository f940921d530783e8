import DequeModule
import Synchronization

/// Files on their way from the walk to the upload, given out in groups as large as what waits allows. One task takes them.
final class CandidateQueue: Sendable {
    private struct State {
        var waiting: Deque<ImportLedger.Candidate> = []
        var isFinished = false
        var taker: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func add(_ candidate: ImportLedger.Candidate) {
        wake { $0.waiting.append(candidate) }
    }

    /// Nothing is added any more.
    func finish() {
        wake { $0.isFinished = true }
    }

    /// The next group, waiting for one; empty at the end, and when the task is cancelled.
    /// - Parameter share: how many are taken of so many that wait.
    func next(_ share: (Int) -> Int) async -> [ImportLedger.Candidate] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if !state.waiting.isEmpty || state.isFinished || Task.isCancelled { return true }
                    state.taker = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            wake { _ in }
        }
        guard !Task.isCancelled else { return [] }
        return state.withLock { state in
            let count = min(state.waiting.count, share(state.waiting.count))
            defer { state.waiting.removeFirst(count) }
            return Array(state.waiting.prefix(count))
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let taker = state.withLock { state in
            change(&state)
            defer { state.taker = nil }
            return state.taker
        }
        taker?.resume()
    }
}
