/// One command on its way to the server.
struct RedisCommand: Sendable {
    let words: [[UInt8]]
    /// When its answer is no longer waited for.
    let deadline: ContinuousClock.Instant
    /// Called exactly once.
    let complete: @Sendable (Result<RedisReply, RedisFailure>) -> Void

    /// Those of words that are all text.
    static func words(_ words: [String]) -> [[UInt8]] { words.map { Array($0.utf8) } }
}

/// What the server answered to a command.
enum RedisReply: Sendable, Equatable {
    /// There is no such key.
    case nothing
    case bytes([UInt8])
    /// A status, such as `OK` and `PONG`.
    case status(String)
    /// The server understood and declined; its words, such as `NOAUTH Authentication required.`
    case refusal(String)
    /// Of another type, which no command used here is answered with.
    case other
}

/// Why there is no answer: the connection is at fault and is not used any more.
struct RedisFailure: Error, Sendable, Equatable {
    let reason: String
}

/// How long Redis is waited for.
public struct RedisLimits: Sendable {
    /// For a connection and the log-in.
    public var connect = Duration.milliseconds(250)
    /// For the answer to a command. Whoever asks waits no longer than this, and the server that took longer is left alone for a while.
    public var command = Duration.milliseconds(50)
    /// Between two attempts to connect while there is no answer: the first pause and the longest.
    public var pauses = Duration.milliseconds(100)...Duration.seconds(5)
    /// A connection nobody asks anything of is tried after so long.
    public var silence = Duration.seconds(10)
    /// Commands under way at a time; more than these are not sent.
    public var mostCommands = 1_024

    public init() {}
}
