/// The pauses between attempts to connect: each twice as long as the one before, from the first again once a connection has held.
struct Pauses {
    private let range: ClosedRange<Duration>
    private var following: Duration

    init(_ range: ClosedRange<Duration>) {
        self.range = range
        following = range.lowerBound
    }

    /// - Parameter attempt: how long the last attempt took, with the time its connection held. One that held no longer than the longest pause
    ///   counts as failed, so that a server that comes and goes is not asked more often than one that is away.
    mutating func next(after attempt: Duration) -> Duration {
        if attempt > range.upperBound { following = range.lowerBound }
        defer { following = min(following * 2, range.upperBound) }
        return following
    }
}
