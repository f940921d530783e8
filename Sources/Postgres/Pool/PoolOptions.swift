/// How a pool behaves.
public struct PoolOptions: Sendable {
    /// How many connections are kept open once they were needed.
    public var size = 20
    /// How many more are opened under load; they are closed when they have been idle for ``overflowIdleTimeout``.
    public var overflow = 30
    /// Whether a connection that was idle for ``pingAfterIdle`` is asked for a sign of life before it is lent. A connection whose end
    /// the server announced is noticed without that.
    public var prePing = true
    /// Idle time after which a connection is pinged before it is lent.
    public var pingAfterIdle: Duration = .seconds(1)
    /// How long a ping may take before the connection counts as broken.
    public var pingTimeout: Duration = .seconds(2)
    /// The age at which a connection is replaced.
    public var recycleAfter: Duration = .seconds(3600)
    /// How long a caller waits for a connection, opening one included.
    public var acquireTimeout: Duration = .seconds(30)
    /// How long a connection beyond ``size`` may be idle.
    public var overflowIdleTimeout: Duration = .seconds(10)
    /// How often ``PostgresPool/run()`` looks after idle connections.
    public var housekeepingInterval: Duration = .seconds(1)
    /// Sets up the session of a connection that was just opened. A throw closes it and reaches the caller who was to get it.
    public var onConnect: (@Sendable (PostgresConnection) async throws -> Void)?

    /// 20 connections, 30 more under load, pings, an hour of life, half a minute of patience.
    public init(size: Int = 20, overflow: Int = 30, onConnect: (@Sendable (PostgresConnection) async throws -> Void)? = nil) {
        self.size = size
        self.overflow = overflow
        self.onConnect = onConnect
    }
}

/// What a pool is doing, at one moment.
public struct PoolStatistics: Sendable, Equatable {
    /// Connections lent out.
    public var leased = 0
    /// Connections ready to be lent.
    public var idle = 0
    /// Connections being opened.
    public var opening = 0
    /// Callers waiting for a connection.
    public var waiting = 0
    /// Connections opened since the start.
    public var opened = 0
    /// Connections closed since the start, broken ones included.
    public var closed = 0
    /// Callers that waited in vain since the start.
    public var timedOut = 0

    /// Connections of any state.
    public var total: Int { leased + idle + opening }
}
