import DequeModule

/// Decides who gets which connection, and what is opened and closed. It does nothing itself: each event returns the actions to be taken.
///
/// Invariants: there are never more than `size + overflow` connections; nobody waits while a connection is idle or another may be opened; who waits
/// longest is served first.
struct PoolStateMachine {
    typealias Instant = ContinuousClock.Instant

    struct ConnectionID: Hashable, Sendable { var number: Int }
    struct WaiterID: Hashable, Sendable { var number: Int }

    struct Settings: Sendable {
        var size: Int
        var overflow: Int
        /// nil: never.
        var pingAfterIdle: Duration?
        var recycleAfter: Duration
        var overflowIdleTimeout: Duration

        var limit: Int { max(1, size + overflow) }
    }

    /// What a waiter gets.
    enum Grant: Equatable, Sendable {
        /// An open connection, to be pinged first when `ping` is set.
        case use(ConnectionID, ping: Bool)
        /// The right to open one.
        case open(ConnectionID)
    }

    enum Refusal: Equatable, Sendable {
        case timedOut(waitingBehind: Int)
        case poolClosed
    }

    struct Actions: Equatable {
        var grants: [GrantedWaiter] = []
        var refusals: [RefusedWaiter] = []
        var closes: [ConnectionID] = []
        var isDrained = false
    }

    struct GrantedWaiter: Equatable {
        var waiter: WaiterID
        var grant: Grant
    }

    struct RefusedWaiter: Equatable {
        var waiter: WaiterID
        var refusal: Refusal
    }

    private enum State: Equatable {
        case opening
        case leased
        case idle(since: Instant)
    }

    private struct Slot {
        var state: State
        var openedAt: Instant
    }

    private struct Waiter {
        var id: WaiterID
        var deadline: Instant
    }

    private let settings: Settings
    private var slots: [ConnectionID: Slot] = [:]
    /// The one used last is lent first, so that what is not needed grows old.
    private var idle: [ConnectionID] = []
    private var waiters: Deque<Waiter> = []
    /// When a lent connection last came back broken. What has been idle since then may have died with it, so it is pinged.
    private var lastBreak: Instant?
    private var lastID = 0
    private var isClosed = false
    private var opened = 0
    private var closed = 0
    private var timedOut = 0

    init(_ settings: Settings) {
        self.settings = settings
    }

    /// Somebody wants a connection.
    mutating func acquire(_ waiter: WaiterID, deadline: Instant, now: Instant) -> Actions {
        if isClosed { return Actions(refusals: [RefusedWaiter(waiter: waiter, refusal: .poolClosed)]) }
        waiters.append(Waiter(id: waiter, deadline: deadline))
        var actions = Actions()
        serve(now, &actions)
        return actions
    }

    /// Somebody no longer waits.
    /// - Returns: false when they already had their answer.
    mutating func cancel(_ waiter: WaiterID) -> Bool {
        guard let index = waiters.firstIndex(where: { $0.id == waiter }) else { return false }
        waiters.remove(at: index)
        return true
    }

    /// A connection that was to be opened is open, and lent to the one who opened it.
    mutating func didOpen(_ id: ConnectionID, now: Instant) {
        guard slots[id]?.state == .opening else { return }
        opened += 1
        slots[id] = Slot(state: .leased, openedAt: now)
    }

    /// A connection could not be opened: its place is free.
    mutating func didFailToOpen(_ id: ConnectionID, now: Instant) -> Actions {
        slots[id] = nil
        var actions = Actions()
        serve(now, &actions)
        return actions
    }

    /// A lent connection turned out to be broken before its use: the borrower may open another in its place.
    mutating func replace(_ id: ConnectionID, now: Instant) -> (ConnectionID, Actions) {
        var actions = Actions()
        close(id, &actions)
        return (openSlot(now), actions)
    }

    /// A lent connection comes back.
    mutating func release(_ id: ConnectionID, isUsable: Bool, now: Instant) -> Actions {
        var actions = Actions()
        guard let slot = slots[id] else { return actions }
        if !isUsable { lastBreak = now }
        if isUsable, !isClosed, !isExpired(slot, now) {
            slots[id]?.state = .idle(since: now)
            idle.append(id)
        } else {
            close(id, &actions)
        }
        serve(now, &actions)
        return actions
    }

    /// Turns away those whose time is over.
    mutating func expire(now: Instant) -> Actions {
        var actions = Actions()
        let due = waiters.filter { $0.deadline <= now }
        waiters.removeAll { $0.deadline <= now }
        timedOut += due.count
        for waiter in due { actions.refusals.append(RefusedWaiter(waiter: waiter.id, refusal: .timedOut(waitingBehind: waiters.count))) }
        return actions
    }

    /// Closes idle connections that are broken, too old, or beyond the size and long unused.
    mutating func keepHouse(broken: Set<ConnectionID>, now: Instant) -> Actions {
        var actions = Actions()
        for id in idle {
            guard let slot = slots[id], case .idle(let since) = slot.state else { continue }
            let isSurplus = slots.count > settings.size && since + settings.overflowIdleTimeout <= now
            if broken.contains(id) || isExpired(slot, now) || isSurplus { close(id, &actions) }
        }
        return actions
    }

    /// No connection is lent any more; idle ones are closed, lent ones when they come back.
    mutating func shutDown() -> Actions {
        isClosed = true
        var actions = Actions()
        actions.refusals = waiters.map { RefusedWaiter(waiter: $0.id, refusal: .poolClosed) }
        waiters = []
        for id in idle { close(id, &actions) }
        actions.isDrained = slots.isEmpty
        return actions
    }

    var statistics: PoolStatistics {
        var statistics = PoolStatistics(waiting: waiters.count, opened: opened, closed: closed, timedOut: timedOut)
        statistics.idle = idle.count
        statistics.opening = slots.values.count { $0.state == .opening }
        statistics.leased = slots.count - statistics.idle - statistics.opening
        return statistics
    }

    var idleConnections: [ConnectionID] { idle }
    var nextDeadline: Instant? { waiters.first?.deadline }

    private mutating func serve(_ now: Instant, _ actions: inout Actions) {
        while let waiter = waiters.first, let grant = nextGrant(now, &actions) {
            waiters.removeFirst()
            actions.grants.append(GrantedWaiter(waiter: waiter.id, grant: grant))
        }
        actions.isDrained = isClosed && slots.isEmpty
    }

    private mutating func nextGrant(_ now: Instant, _ actions: inout Actions) -> Grant? {
        while let id = idle.last, let slot = slots[id], case .idle(let since) = slot.state {
            if isExpired(slot, now) {
                close(id, &actions)
                continue
            }
            idle.removeLast()
            slots[id]?.state = .leased
            return .use(id, ping: needsPing(idleSince: since, now))
        }
        return slots.count < settings.limit ? .open(openSlot(now)) : nil
    }

    private func needsPing(idleSince since: Instant, _ now: Instant) -> Bool {
        guard let pause = settings.pingAfterIdle else { return false }
        return since + pause <= now || lastBreak.map { since <= $0 } ?? false
    }

    private func isExpired(_ slot: Slot, _ now: Instant) -> Bool { slot.openedAt + settings.recycleAfter <= now }

    private mutating func openSlot(_ now: Instant) -> ConnectionID {
        lastID += 1
        let id = ConnectionID(number: lastID)
        slots[id] = Slot(state: .opening, openedAt: now)
        return id
    }

    private mutating func close(_ id: ConnectionID, _ actions: inout Actions) {
        slots[id] = nil
        idle.removeAll { $0 == id }
        closed += 1
        actions.closes.append(id)
    }
}
