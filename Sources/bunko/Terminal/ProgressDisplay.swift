import Foundation
import Synchronization

/// Shows how far an import is: a bar that redraws itself on a terminal, a plain line now and then elsewhere.
final class ProgressDisplay: Sendable {
    private struct State {
        var done = 0
        var failed = 0
        var lastShown = ContinuousClock.now
    }

    private let total: Int
    private let start = ContinuousClock.now
    private let state = Mutex(State())
    private let isTerminal = Output.errorIsTerminal

    init(total: Int) {
        self.total = total
    }

    /// Counts one more file.
    func advance(failed: Bool, name: String) {
        let text: String? = state.withLock { state in
            state.done += 1
            if failed { state.failed += 1 }
            guard isDue(state) else { return nil }
            state.lastShown = .now
            return isTerminal ? "\r\u{1B}[2K\(bar(state, name))" : plain(state) + "\n"
        }
        if let text { Output.write(text, to: 2) }
    }

    /// Leaves the line, so that what follows stands below the bar.
    func finish() {
        if isTerminal, total > 0 { Output.write("\n", to: 2) }
    }

    private func isDue(_ state: State) -> Bool {
        let pause: Duration = isTerminal ? .milliseconds(50) : .seconds(5)
        return state.done == total || ContinuousClock.now - state.lastShown >= pause
    }

    private func plain(_ state: State) -> String {
        "imported \(state.done) of \(total) files\(failures(state)), \(seconds) s"
    }

    private func bar(_ state: State, _ name: String) -> String {
        let width = 30
        let filled = total == 0 ? width : state.done * width / total
        let drawn = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let text = "\(drawn) \(state.done)/\(total)\(failures(state))  \(seconds) s  \(name)"
        return String(text.prefix(max(20, Output.width - 1)))
    }

    private func failures(_ state: State) -> String {
        state.failed == 0 ? "" : ", \(state.failed) failed"
    }

    private var seconds: Int { Int((ContinuousClock.now - start).components.seconds) }
}
