/// What has happened at a ``RedisStore`` since its start.
public struct RedisStatistics: Sendable, Equatable {
    public internal(set) var isConnected = false
    /// Why there is no connection, or what the server declined last on this one; nil when all is well.
    public internal(set) var problem: String?
    /// Commands with an answer.
    public internal(set) var answered = 0
    /// Commands the server declined or did not answer.
    public internal(set) var failures = 0
    /// Commands that were not sent because there was no connection, or too many were under way.
    public internal(set) var skipped = 0
    /// How often the connection was lost, or could not be had at the start.
    public internal(set) var outages = 0
}
