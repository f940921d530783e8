/// Paths that change, until they have been quiet for a while.
struct SettlingPaths: Sendable {
    private struct Change {
        let first: ContinuousClock.Instant
        var last: ContinuousClock.Instant
    }

    /// Without a change for this long a path is settled.
    static let quiet = Duration.milliseconds(500)
    /// One that never rests (a log that is written to) is taken after this long all the same.
    static let longest = Duration.seconds(30)

    private var changes: [ExactPath: Change] = [:]

    mutating func note(_ path: String, at time: ContinuousClock.Instant) {
        changes[ExactPath(path), default: Change(first: time, last: time)].last = time
    }

    /// Takes what has settled, sorted.
    mutating func take(at time: ContinuousClock.Instant) -> [String] {
        let settled = changes.filter { time - $0.value.last >= Self.quiet || time - $0.value.first >= Self.longest }.keys
        for path in settled { changes[path] = nil }
        return settled.sorted().map(\.text)
    }

    mutating func forgetAll() { changes.removeAll() }

    var isEmpty: Bool { changes.isEmpty }
}
