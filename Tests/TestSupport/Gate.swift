import Synchronization

/// Lets a number of tests through at a time, the others in the order they came.
final class Gate: Sendable {
    static let common = Gate(width: 4)

    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state: Mutex<State>

    init(width: Int) {
        state = Mutex(State(free: width))
    }

    func enter() async {
        await withCheckedContinuation { continuation in
            let passes = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if passes { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}

/// Waits until a condition holds; false when it does not within the limit, which is long because machines may be busy.
public func eventually(
    within limit: Duration = .seconds(30), isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(20))
    }
    return try await condition()
}

/// The error of a type that the body throws; nil when it throws none, or another.
public func failure<E: Error>(
    _ type: E.Type, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async -> E? {
    do {
        try await body()
        return nil
    } catch {
        return error as? E
    }
}
