import Foundation

/// Shows how far an import is, on standard error: two lines that are drawn again and again on a terminal, a plain line now and then
/// elsewhere.
struct ProgressDisplay: Sendable {
    let progress: ImportProgress

    /// Draws until the task is cancelled.
    func run() async {
        let isTerminal = Output.errorIsTerminal
        let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
        while true {
            do { try await Task.sleep(for: pause) } catch { break }
            draw(isTerminal)
        }
        // What is drawn last stays above the summary; a line of its own for a short import would say nothing more.
        if isTerminal {
            draw(isTerminal)
            Output.write("\n\n", to: STDERR_FILENO)
        }
    }

    private func draw(_ isTerminal: Bool) {
        let snapshot = progress.snapshot()
        guard isTerminal else { return Output.note(Self.line(snapshot)) }
        let width = max(20, Output.width - 1)
        let lines = [Self.bar(snapshot), Self.steps(snapshot)].map { "\r\u{1B}[2K" + $0.prefix(width) }
        // The cursor goes back up, so that the next drawing, or a note, begins where this one did.
        Output.write(lines.joined(separator: "\n") + "\r\u{1B}[1A", to: STDERR_FILENO)
    }

    /// The bar with what is done, how fast, and how long it takes.
    static func bar(_ progress: ImportProgress.Snapshot) -> String {
        let width = 24
        let filled = progress.found == 0 || !progress.isWalked ? 0 : progress.ended * width / progress.found
        let drawn = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        return "\(drawn) \(counts(progress))  \(rates(progress))  \(left(progress))"
    }

    /// How many files are in each step.
    static func steps(_ progress: ImportProgress.Snapshot) -> String {
        ImportStep.allCases.map { "\($0.rawValue) \(progress.steps[$0] ?? 0)" }.joined(separator: "  ")
    }

    /// Everything on one line, for a log.
    static func line(_ progress: ImportProgress.Snapshot) -> String {
        "import: \(counts(progress)); \(rates(progress)); \(left(progress)); \(steps(progress))"
    }

    private static func counts(_ progress: ImportProgress.Snapshot) -> String {
        let failed = progress.failed == 0 ? "" : ", \(progress.failed) failed"
        return "\(progress.ended)/\(progress.found)\(progress.isWalked ? "" : "+") files\(failed)"
    }

    private static func rates(_ progress: ImportProgress.Snapshot) -> String {
        let digits = progress.filesPerSecond < 10 ? 1 : 0
        let files = progress.filesPerSecond.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
        return "\(files) files/s  \(TextTable.size(Int(progress.bytesPerSecond)))/s"
    }

    private static func left(_ progress: ImportProgress.Snapshot) -> String {
        progress.timeLeft.map { "\(clock($0)) left" } ?? clock(progress.elapsed)
    }

    /// Minutes and seconds, with hours when there are any.
    static func clock(_ time: Duration) -> String {
        let pattern: Duration.TimeFormatStyle.Pattern = time < .seconds(3_600) ? .minuteSecond(padMinuteToLength: 1) : .hourMinuteSecond
        return time.formatted(.time(pattern: pattern))
    }
}
