/// How fast work goes: over the last seconds, so that what was quick at the start (files that have not changed) promises nothing for
/// the rest.
struct Pace: Sendable {
    private struct Sample {
        let time: Duration
        let files: Int
        let bytes: Int
    }

    private static let window = Duration.seconds(15)

    private var samples = [Sample(time: .zero, files: 0, bytes: 0)]

    /// - Parameters:
    ///   - time: since the start, ascending.
    ///   - files: all that have come to their end, of which `bytes` were sent.
    mutating func note(at time: Duration, files: Int, bytes: Int) {
        samples.append(Sample(time: time, files: files, bytes: bytes))
        let kept = samples.firstIndex { time - $0.time <= Self.window } ?? 0
        samples.removeFirst(min(kept, samples.count - 2))
    }

    var filesPerSecond: Double { rate(\.files) }
    var bytesPerSecond: Double { rate(\.bytes) }

    /// Until `files` more have come to their end; nil while nothing does.
    func timeLeft(files: Int) -> Duration? {
        let rate = filesPerSecond
        return files == 0 ? .zero : rate > 0 ? .seconds(Double(files) / rate) : nil
    }

    private func rate(_ figure: KeyPath<Sample, Int>) -> Double {
        guard let first = samples.first, let last = samples.last, last.time > first.time else { return 0 }
        return Double(last[keyPath: figure] - first[keyPath: figure]) / ((last.time - first.time) / .seconds(1))
    }
}
