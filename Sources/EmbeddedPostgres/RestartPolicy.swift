/// When to start a PostgreSQL again that ended by itself: waits double from a quarter of a second to a cap, and too many failures in a row end it.
struct RestartPolicy: Sendable {
    enum Decision: Equatable {
        case restart(after: Duration)
        case giveUp
    }

    /// A run of this length proves stability: the count begins anew.
    static let stableAfter = Duration.seconds(60)
    static let firstWait = Duration.milliseconds(250)
    static let longestWait = Duration.seconds(15)
    static let attempts = 8

    private(set) var failuresInRow = 0

    /// Takes note of an end (or a start that failed, whose run has no length) and decides.
    mutating func decide(afterRunOf length: Duration) -> Decision {
        if length >= Self.stableAfter { failuresInRow = 0 }
        failuresInRow += 1
        if failuresInRow > Self.attempts { return .giveUp }
        return .restart(after: min(Self.firstWait * (1 << (failuresInRow - 1)), Self.longestWait))
    }
}
