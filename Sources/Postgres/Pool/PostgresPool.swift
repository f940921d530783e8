import Dispatch
import Logging
import Synchronization

/// Lends connections, first come, first served, and takes them back.
///
/// A connection that broke is replaced, never lent. Work is retried only by ``withRetry(idempotent:attempts:isolation:_:)``.
public final class PostgresPool: Sendable {
    typealias ConnectionID = PoolStateMachine.ConnectionID
    typealias WaiterID = PoolStateMachine.WaiterID

    struct State {
        var machine: PoolStateMachine
        var connections: [ConnectionID: PostgresConnection] = [:]
        var continuations: [WaiterID: CheckedContinuation<PoolStateMachine.Grant, any Error>] = [:]
        var lastWaiter = 0
        var timerDeadline: ContinuousClock.Instant?
        var drainWaiters: [CheckedContinuation<Void, Never>] = []
    }

    struct Lease {
        let id: ConnectionID
        let connection: PostgresConnection
    }

    let configuration: PostgresConfiguration
    let options: PoolOptions
    let logger: Logger
    let state: Mutex<State>
    private let timerQueue = DispatchQueue(label: "postgres.pool")

    /// A pool without any connection yet: they are opened when they are needed.
    public init(configuration: PostgresConfiguration, options: PoolOptions = .init(), logger: Logger) {
        self.configuration = configuration
        self.options = options
        self.logger = logger
        let settings = PoolStateMachine.Settings(
            size: options.size, overflow: options.overflow, pingAfterIdle: options.prePing ? options.pingAfterIdle : nil,
            recycleAfter: options.recycleAfter, overflowIdleTimeout: options.overflowIdleTimeout)
        state = Mutex(State(machine: PoolStateMachine(settings)))
    }

    /// What the pool is doing now.
    public var statistics: PoolStatistics { state.withLock { $0.machine.statistics } }

    /// Closes idle connections that are broken, too old or no longer needed, until the task is cancelled. Without it the pool works, but never shrinks.
    public func run() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: options.housekeepingInterval) } catch { return }
            update { state in
                let broken = state.machine.idleConnections.filter { state.connections[$0]?.isBroken ?? true }
                return state.machine.keepHouse(broken: Set(broken), now: .now)
            }
        }
    }

    /// Lends nothing any more, closes idle connections, and waits for the lent ones to come back, which are cut off after `grace`.
    public func close(grace: Duration = .seconds(10)) async {
        update { $0.machine.shutDown() }
        timerQueue.asyncAfter(deadline: .now() + grace.seconds) { [weak self] in self?.cutOff() }
        await withCheckedContinuation { continuation in
            let isDrained = state.withLock { state in
                guard state.machine.statistics.total > 0 else { return true }
                state.drainWaiters.append(continuation)
                return false
            }
            if isDrained { continuation.resume() }
        }
    }

    private func cutOff() {
        let (leased, waiters) = state.withLock { state in
            defer { state.drainWaiters = [] }
            return (Array(state.connections.values), state.drainWaiters)
        }
        for connection in leased { connection.closeSoon() }
        for waiter in waiters { waiter.resume() }
    }

    /// Lets the machine decide and does what it says, outside the lock.
    func update(_ event: (inout State) -> PoolStateMachine.Actions) {
        let effects = state.withLock { state in
            let actions = event(&state)
            return Effects(actions, &state)
        }
        for (continuation, grant) in effects.grants { continuation.resume(returning: grant) }
        for (continuation, refusal) in effects.refusals { continuation.resume(throwing: error(refusal)) }
        for connection in effects.closes { connection.closeSoon() }
        for continuation in effects.drained { continuation.resume() }
    }

    private struct Effects {
        var grants: [(CheckedContinuation<PoolStateMachine.Grant, any Error>, PoolStateMachine.Grant)] = []
        var refusals: [(CheckedContinuation<PoolStateMachine.Grant, any Error>, PoolStateMachine.Refusal)] = []
        var closes: [PostgresConnection] = []
        var drained: [CheckedContinuation<Void, Never>] = []

        init(_ actions: PoolStateMachine.Actions, _ state: inout State) {
            for granted in actions.grants {
                if let continuation = state.continuations.removeValue(forKey: granted.waiter) {
                    grants.append((continuation, granted.grant))
                }
            }
            for refused in actions.refusals {
                if let continuation = state.continuations.removeValue(forKey: refused.waiter) {
                    refusals.append((continuation, refused.refusal))
                }
            }
            closes = actions.closes.compactMap { state.connections.removeValue(forKey: $0) }
            if actions.isDrained { swap(&drained, &state.drainWaiters) }
        }
    }

    private func error(_ refusal: PoolStateMachine.Refusal) -> PostgresError {
        switch refusal {
        case .poolClosed: return PostgresError(code: .poolClosed, message: "the connection pool is closed")
        case .timedOut(let others):
            let total = options.size + options.overflow
            return PostgresError(
                code: .poolExhausted,
                message: "no connection became free within \(options.acquireTimeout.text): all \(total) of the pool"
                    + " (\(options.size) and \(options.overflow) overflow) are in use and \(others) others are waiting",
                hint: "look for transactions that stay open (pg_stat_activity), or make the pool larger")
        }
    }

    /// At most one timer is pending; it is set to the deadline of the one who waits longest.
    func armTimer() {
        let deadline: ContinuousClock.Instant? = state.withLock { state in
            guard let deadline = state.machine.nextDeadline, state.timerDeadline.map({ deadline < $0 }) ?? true else { return nil }
            state.timerDeadline = deadline
            return deadline
        }
        guard let deadline else { return }
        timerQueue.asyncAfter(deadline: .now() + max(0, ContinuousClock.now.duration(to: deadline).seconds)) { [weak self] in
            self?.timerFired()
        }
    }

    private func timerFired() {
        update { state in
            state.timerDeadline = nil
            return state.machine.expire(now: .now)
        }
        armTimer()
    }
}
