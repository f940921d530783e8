/// When to start a PostgreSQL again that ended by itself: waits double from a quarter of a second to a cap, and too many failures in a row end it.
struct RestartPolicy: Sendable {
    enum Decision: Equatable {
        case restart(after: Duration)
        case giveUp
    }

    /// A run of this length has served: the count begins anew. What kills a PostgreSQL every few seconds, such as a machine short of memory, is
    /// no reason to end the server, which answers in between; one that does not come up is.
    var stableAfter = Duration.seconds(4)
    var firstWait = Duration.milliseconds(250)
    var longestWait = Duration.seconds(15)
    /// Failures in a row that are answered by another start.
    var attempts = 8

    private(set) var failuresInRow = 0

    /// Takes note of an end (or a start that failed, whose run has no length) and decides.
    mutating func decide(afterRunOf length: Duration) -> Decision {
        if length >= stableAfter { failuresInRow = 0 }
        failuresInRow += 1
        if failuresInRow > attempts { return .giveUp }
        return .restart(after: min(firstWait * (1 << min(failuresInRow - 1, 16)), longestWait))
    }
}
