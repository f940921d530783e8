import Synchronization

/// Spares a provider that is down, and those who would wait for it: after some failures in a row nothing is asked for a while; then one
/// request is tried, and decides whether asking goes on or waits for twice as long.
final class CircuitBreaker: Sendable {
    private struct State {
        var failures = 0
        /// Nothing is asked before.
        var closedAgain: ContinuousClock.Instant?
        var pause: Duration
        var isTrying = false
    }

    private let failuresAllowed: Int
    private let pauses: ClosedRange<Duration>
    private let state: Mutex<State>

    /// - Parameters:
    ///   - failuresAllowed: in a row, before it opens.
    ///   - pauses: the first and the longest.
    init(failuresAllowed: Int = 5, pauses: ClosedRange<Duration> = Duration.seconds(5)...Duration.seconds(120)) {
        self.failuresAllowed = failuresAllowed
        self.pauses = pauses
        state = Mutex(State(pause: pauses.lowerBound))
    }

    /// Nil when a request may be sent, which must be told of by ``succeeded()`` or ``failed()``; else how long there is to wait.
    func pause() -> Duration? {
        state.withLock { state in
            guard let end = state.closedAgain else { return nil }
            let rest = end - .now
            if rest > .zero { return rest }
            // One tries, the others wait for what it finds.
            guard !state.isTrying else { return state.pause }
            state.isTrying = true
            return nil
        }
    }

    /// The provider answered; that it refused a request is an answer, too.
    func succeeded() {
        state.withLock { $0 = State(pause: pauses.lowerBound) }
    }

    /// The provider did not answer, or that it cannot.
    func failed() {
        state.withLock { state in
            state.failures += 1
            if state.isTrying {
                state.pause = min(state.pause * 2, pauses.upperBound)
            } else if state.failures < failuresAllowed {
                return
            }
            state.isTrying = false
            state.closedAgain = .now + state.pause
        }
    }

    /// The request was given up before it was known what came of it.
    func gaveUp() {
        state.withLock { $0.isTrying = false }
    }
}
