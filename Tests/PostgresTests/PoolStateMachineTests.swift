import Testing

@testable import Postgres

/// The pool's decisions, without any connection.
@Suite struct PoolStateMachineTests {
    private typealias Machine = PoolStateMachine
    private let start = ContinuousClock.now

    private func machine(size: Int = 1, overflow: Int = 1, ping: Duration? = .seconds(5)) -> PoolStateMachine {
        PoolStateMachine(
            .init(size: size, overflow: overflow, pingAfterIdle: ping, recycleAfter: .seconds(100), overflowIdleTimeout: .seconds(10)))
    }

    private func waiter(_ number: Int) -> PoolStateMachine.WaiterID { .init(number: number) }
    private func connection(_ number: Int) -> PoolStateMachine.ConnectionID { .init(number: number) }
    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func grants(_ actions: PoolStateMachine.Actions) -> [PoolStateMachine.Grant] { actions.grants.map(\.grant) }

    @Test func opensUpToTheLimitAndThenServesInOrder() {
        var machine = machine()
        for number in 1...2 {
            #expect(grants(machine.acquire(waiter(number), deadline: at(30), now: at(0))) == [.open(connection(number))])
            machine.didOpen(connection(number), now: at(0))
        }
        for number in 3...5 { #expect(machine.acquire(waiter(number), deadline: at(30), now: at(0)).grants.isEmpty) }
        for number in 3...5 {
            let actions = machine.release(connection(1), isUsable: true, now: at(1))
            #expect(actions.grants == [.init(waiter: waiter(number), grant: .use(connection(1), ping: false))])
        }
        #expect(machine.statistics.leased == 2 && machine.statistics.waiting == 0)
    }

    @Test func aBrokenConnectionMakesRoomForTheNextInLine() {
        var machine = machine(overflow: 0)
        _ = machine.acquire(waiter(1), deadline: at(30), now: at(0))
        machine.didOpen(connection(1), now: at(0))
        _ = machine.acquire(waiter(2), deadline: at(30), now: at(0))
        let actions = machine.release(connection(1), isUsable: false, now: at(1))
        #expect(actions.closes == [connection(1)])
        #expect(actions.grants == [.init(waiter: waiter(2), grant: .open(connection(2)))])
        _ = machine.acquire(waiter(3), deadline: at(30), now: at(1))
        #expect(grants(machine.didFailToOpen(connection(2), now: at(2))) == [.open(connection(3))])
    }

    @Test func pingsAfterAPauseAndReplacesWhatDoesNotAnswer() {
        var machine = machine()
        _ = machine.acquire(waiter(1), deadline: at(30), now: at(0))
        machine.didOpen(connection(1), now: at(0))
        _ = machine.release(connection(1), isUsable: true, now: at(0))
        #expect(grants(machine.acquire(waiter(2), deadline: at(30), now: at(4))) == [.use(connection(1), ping: false)])
        _ = machine.release(connection(1), isUsable: true, now: at(4))
        #expect(grants(machine.acquire(waiter(3), deadline: at(40), now: at(9))) == [.use(connection(1), ping: true)])
        let (replacement, actions) = machine.replace(connection(1), now: at(9))
        #expect(replacement == connection(2) && actions.closes == [connection(1)])
        #expect(machine.statistics.opening == 1 && machine.statistics.total == 1)
    }

    @Test func afterABreakPingsWhatWasIdleThen() {
        var machine = machine(size: 3, overflow: 0, ping: .seconds(100))
        for number in 1...3 {
            _ = machine.acquire(waiter(number), deadline: at(30), now: at(0))
            machine.didOpen(connection(number), now: at(0))
        }
        _ = machine.release(connection(1), isUsable: true, now: at(1))
        _ = machine.release(connection(2), isUsable: false, now: at(2))
        #expect(grants(machine.acquire(waiter(4), deadline: at(30), now: at(3))) == [.use(connection(1), ping: true)])
        _ = machine.release(connection(1), isUsable: true, now: at(4))
        #expect(grants(machine.acquire(waiter(5), deadline: at(30), now: at(5))) == [.use(connection(1), ping: false)])
    }

    @Test func oldConnectionsAreReplacedWhenLentAndWhenReturned() {
        var machine = machine()
        _ = machine.acquire(waiter(1), deadline: at(30), now: at(0))
        machine.didOpen(connection(1), now: at(0))
        _ = machine.release(connection(1), isUsable: true, now: at(1))
        let actions = machine.acquire(waiter(2), deadline: at(200), now: at(101))
        #expect(actions.closes == [connection(1)] && grants(actions) == [.open(connection(2))])
        machine.didOpen(connection(2), now: at(101))
        #expect(machine.release(connection(2), isUsable: true, now: at(300)).closes == [connection(2)])
    }

    @Test func housekeepingClosesSurplusOldAndBroken() {
        var machine = machine(size: 2, overflow: 2)
        for number in 1...4 {
            _ = machine.acquire(waiter(number), deadline: at(30), now: at(0))
            machine.didOpen(connection(number), now: at(0))
        }
        for number in 1...4 { _ = machine.release(connection(number), isUsable: true, now: at(0)) }
        #expect(machine.keepHouse(broken: [], now: at(9)).closes.isEmpty)
        #expect(machine.keepHouse(broken: [], now: at(10)).closes.count == 2)
        #expect(machine.statistics.idle == 2)
        #expect(machine.keepHouse(broken: [connection(3)], now: at(20)).closes == [connection(3)])
        #expect(machine.keepHouse(broken: [], now: at(100)).closes == [connection(4)])
    }

    @Test func deadlinesAndGivingUp() {
        var machine = machine(size: 1, overflow: 0)
        _ = machine.acquire(waiter(1), deadline: at(30), now: at(0))
        for number in 2...4 { _ = machine.acquire(waiter(number), deadline: at(Double(number)), now: at(0)) }
        #expect(machine.nextDeadline == at(2))
        let canceledThree = machine.cancel(waiter(3))
        let canceledTwice = machine.cancel(waiter(3))
        #expect(canceledThree && !canceledTwice)
        #expect(machine.expire(now: at(2)).refusals == [.init(waiter: waiter(2), refusal: .timedOut(waitingBehind: 1))])
        #expect(machine.expire(now: at(3)).refusals.isEmpty)
        #expect(machine.statistics.timedOut == 1 && machine.statistics.waiting == 1)
    }

    @Test func closingTurnsAwayWaitersAndDrains() {
        var machine = machine(size: 1, overflow: 0)
        _ = machine.acquire(waiter(1), deadline: at(30), now: at(0))
        machine.didOpen(connection(1), now: at(0))
        _ = machine.acquire(waiter(2), deadline: at(30), now: at(0))
        let closing = machine.shutDown()
        #expect(closing.refusals == [.init(waiter: waiter(2), refusal: .poolClosed)] && !closing.isDrained)
        #expect(machine.acquire(waiter(3), deadline: at(30), now: at(1)).refusals == [.init(waiter: waiter(3), refusal: .poolClosed)])
        let last = machine.release(connection(1), isUsable: true, now: at(1))
        #expect(last.closes == [connection(1)] && last.isDrained)
    }

    @Test(arguments: 0..<20) func randomEventsKeepTheInvariants(seed: UInt64) {
        var random = SplitMix(state: seed)
        var machine = machine(size: 3, overflow: 2)
        var opening: [PoolStateMachine.ConnectionID] = []
        var leased: [PoolStateMachine.ConnectionID] = []
        for step in 0..<2000 {
            let now = at(Double(step) / 4)
            var actions = PoolStateMachine.Actions()
            switch random.next() % 6 {
            case 0, 1: actions = machine.acquire(waiter(step), deadline: now + .seconds(5), now: now)
            case 2:
                if let id = opening.popLast() {
                    machine.didOpen(id, now: now)
                    leased.append(id)
                }
            case 3: if let id = opening.popLast() { actions = machine.didFailToOpen(id, now: now) }
            case 4: if let id = leased.popLast() { actions = machine.release(id, isUsable: random.next() % 4 != 0, now: now) }
            default: actions = machine.expire(now: now)
            }
            for grant in grants(actions) {
                switch grant {
                case .open(let id): opening.append(id)
                case .use(let id, _): leased.append(id)
                }
            }
            let statistics = machine.statistics
            #expect(statistics.total <= 5 && statistics.leased == leased.count && statistics.opening == opening.count)
            #expect(statistics.waiting == 0 || (statistics.idle == 0 && statistics.total == 5))
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers for the same seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
