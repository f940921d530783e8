import Synchronization

/// Counts where the files of an import stand.
final class ImportProgress: Sendable {
    struct Snapshot: Sendable, Equatable {
        var found = 0
        /// Whether the walk has come to its end, so that `found` is all there is.
        var isWalked = false
        var failed = 0
        var ended = 0
        var steps: [ImportStep: Int] = [:]
        var filesPerSecond = 0.0
        var bytesPerSecond = 0.0
        var timeLeft: Duration?
        var elapsed = Duration.zero
    }

    private struct State {
        var found = 0
        var isWalked = false
        var failed = 0
        var ended = 0
        var bytes = 0
        var steps: [Int: ImportStep] = [:]
        var pace = Pace()
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())

    func found() { state.withLock { $0.found += 1 } }

    func endWalk() { state.withLock { $0.isWalked = true } }

    func sent(_ bytes: Int) { state.withLock { $0.bytes += bytes } }

    /// A file is in another step.
    func move(_ index: Int, to step: ImportStep) { state.withLock { $0.steps[index] = step } }

    /// A file has come to its end.
    func end(_ index: Int, _ end: ImportReport.State) {
        state.withLock { state in
            state.steps[index] = nil
            state.ended += 1
            if end == .failed { state.failed += 1 }
        }
    }

    /// As it stands now; each call is a sample of the pace.
    func snapshot() -> Snapshot {
        let elapsed = ContinuousClock.now - start
        return state.withLock { state in
            state.pace.note(at: elapsed, files: state.ended, bytes: state.bytes)
            return Snapshot(
                found: state.found, isWalked: state.isWalked, failed: state.failed, ended: state.ended,
                steps: state.steps.values.reduce(into: [:]) { $0[$1, default: 0] += 1 },
                filesPerSecond: state.pace.filesPerSecond, bytesPerSecond: state.pace.bytesPerSecond,
                timeLeft: state.isWalked ? state.pace.timeLeft(files: state.found - state.ended) : nil, elapsed: elapsed)
        }
    }
}
