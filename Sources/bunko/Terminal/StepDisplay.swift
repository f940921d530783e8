import Foundation
import Synchronization

/// Shows how far work of several steps is: a bar that redraws itself on a terminal, a plain line now and then elsewhere.
final class StepDisplay: Sendable {
    private struct State {
        var step = ""
        var done = 0
        var start = ContinuousClock.now
        var lastShown = ContinuousClock.now
    }

    private let state = Mutex(State())
    private let isTerminal = Output.errorIsTerminal

    /// Counts `done` more of the step's `total`. Another step's name begins that step.
    func advance(_ step: String, by done: Int, of total: Int) {
        let text: String? = state.withLock { state in
            if state.step != step {
                let ended = state.step
                state = State(step: step)
                if isTerminal, !ended.isEmpty { Output.write("\n", to: 2) }
            }
            state.done += done
            guard isDue(state, total) else { return nil }
            state.lastShown = .now
            return isTerminal ? "\r\u{1B}[2K\(bar(state, total))" : "\(state.step): \(percent(state, total)) %, \(seconds(state)) s\n"
        }
        if let text { Output.write(text, to: 2) }
    }

    /// Leaves the line, so that what follows stands below the bar.
    func finish() {
        if isTerminal, state.withLock({ !$0.step.isEmpty }) { Output.write("\n", to: 2) }
    }

    private func isDue(_ state: State, _ total: Int) -> Bool {
        let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
        return ContinuousClock.now - state.lastShown >= pause || (isTerminal && state.done >= total)
    }

    private func bar(_ state: State, _ total: Int) -> String {
        let width = 30
        let filled = state.done * width / max(total, 1)
        let drawn = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let rest = state.done == 0 ? 0 : seconds(state) * (total - state.done) / state.done
        let text = "\(drawn) \(percent(state, total)) % \(state.step), \(seconds(state)) s, \(rest) s left"
        return String(text.prefix(max(20, Output.width - 1)))
    }

    private func percent(_ state: State, _ total: Int) -> Int { state.done * 100 / max(total, 1) }

    private func seconds(_ state: State) -> Int { Int((ContinuousClock.now - state.start).components.seconds) }
}
