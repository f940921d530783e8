import Synchronization

/// Sends values to whoever listens at the moment: a signal inside one process, never the place where a fact is kept.
public final class Broadcast<Value: Sendable>: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<Value>.Continuation] = [:]
        var nextKey = 0
    }
    private let state = Mutex(State())
    private let buffering: AsyncStream<Value>.Continuation.BufferingPolicy

    /// - Parameter buffering: what a listener that is busy keeps of the values sent meanwhile.
    public init(buffering: AsyncStream<Value>.Continuation.BufferingPolicy) {
        self.buffering = buffering
    }

    /// The values sent from now on. A stream serves one loop: cancelling the task that reads it ends it.
    public func values() -> AsyncStream<Value> {
        AsyncStream(bufferingPolicy: buffering) { continuation in
            let key = state.withLock { state in
                defer { state.nextKey += 1 }
                state.listeners[state.nextKey] = continuation
                return state.nextKey
            }
            continuation.onTermination = { [weak self] _ in
                self?.state.withLock { $0.listeners[key] = nil }
            }
        }
    }

    /// Hands the value to every listener; does not wait for them.
    public func send(_ value: Value) {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield(value) }
    }
}

/// Waits that double from a quarter of a second to fifteen, with jitter, for what fails through no fault of the work itself.
public struct Backoff: Sendable {
    private var next = Duration.milliseconds(250)

    public init() {}

    /// Begins again with the shortest wait, after a success.
    public mutating func reset() {
        next = .milliseconds(250)
    }

    /// Waits; false when the task was cancelled meanwhile.
    public mutating func wait() async -> Bool {
        let pause = next * Double.random(in: 0.5...1)
        next = min(next * 2, .seconds(15))
        do {
            try await Task.sleep(for: pause)
            return true
        } catch {
            return false
        }
    }
}
