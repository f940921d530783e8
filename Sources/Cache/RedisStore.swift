public import Domain
import Foundation
public import Logging
public import ServiceLifecycle
import Synchronization

/// Values kept in a Redis server that replicas share, for as long as that server is there.
///
/// Nothing here throws and nobody waits for a server that is away. One thread keeps one connection, on which commands follow each other
/// without waiting for answers. When it fails, what was asked is answered with nothing at once; from then on nothing is asked until the
/// thread has connected anew, which it tries after pauses that double.
public final class RedisStore: Service {
    struct State {
        var isConnected = false
        var isFinished = false
        /// Accepted, for the thread to send.
        var waiting: [RedisCommand] = []
        /// Accepted and not answered yet.
        var underWay = 0
        var statistics = RedisStatistics()
    }

    /// Where the server is.
    public let address: RedisAddress
    let limits: RedisLimits
    let logger: Logger
    let wake: WakePipe
    let state = Mutex(State())

    /// A store that connects once it runs.
    /// - Throws: `environment` where no file descriptor is left.
    public init(_ address: RedisAddress, limits: RedisLimits = RedisLimits(), logger: Logger) throws(Problem) {
        self.address = address
        self.limits = limits
        self.logger = logger
        do throws(RedisFailure) {
            wake = try WakePipe()
        } catch {
            throw Problem(.environment, code: "no_descriptor", "Redis cannot be watched: \(error.reason).")
        }
    }

    /// Keeps the connection until graceful shutdown or cancellation; what was accepted before is sent.
    public func run() async {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withCheckedContinuation { continuation in
                Thread {
                    self.keepConnected()
                    continuation.resume()
                }.start()
            }
        } onCancelOrGracefulShutdown: {
            self.state.withLock { $0.isFinished = true }
            self.wake.wake()
        }
    }

    /// The value of a key; nil when there is none, when the server is away, and when it takes longer than ``RedisLimits/command``.
    public func value(of key: String) async -> [UInt8]? {
        let reply = await withCheckedContinuation { continuation in
            submit([Array("GET".utf8), Array(key.utf8)]) { continuation.resume(returning: $0) }
        }
        guard case .bytes(let value) = reply else { return nil }
        return value
    }

    /// Keeps a value for some time, in place of a former one. Returns at once; whether it was kept is not told.
    public func keep(_ value: [UInt8], as key: String, for time: Duration) {
        let milliseconds = max(1, Int64(time / .milliseconds(1)))
        submit([Array("SET".utf8), Array(key.utf8), value, Array("PX".utf8), Array("\(milliseconds)".utf8)]) { _ in }
    }

    /// What has happened since the start.
    public var statistics: RedisStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.isConnected = state.isConnected
            return statistics
        }
    }

    /// Has a command sent, and passes on its answer; nil, also at once, when there is none.
    private func submit(_ words: [[UInt8]], _ complete: @escaping @Sendable (RedisReply?) -> Void) {
        let command = RedisCommand(words: words, deadline: .now + limits.command) { result in
            complete(self.accounted(result))
        }
        let isFirst = state.withLock { state -> Bool? in
            guard state.isConnected, state.underWay < limits.mostCommands else {
                state.statistics.skipped += 1
                return nil
            }
            state.underWay += 1
            state.waiting.append(command)
            return state.waiting.count == 1
        }
        switch isFirst {
        case nil: complete(nil)
        case true?: wake.wake()
        case false?: break
        }
    }

    /// Takes down how a command ended; its answer unless it was declined.
    private func accounted(_ result: Result<RedisReply, RedisFailure>) -> RedisReply? {
        let reply: RedisReply? =
            switch result {
            case .success(.refusal(let text)): refused(text)
            case .success(let reply): reply
            case .failure: nil
            }
        state.withLock { state in
            state.underWay -= 1
            if reply == nil { state.statistics.failures += 1 } else { state.statistics.answered += 1 }
        }
        return reply
    }

    /// The connection is well, the server declines; told of once for each connection.
    private func refused(_ text: String) -> RedisReply? {
        let isNews = state.withLock { state in
            defer { state.statistics.problem = "it refuses: \(text)" }
            return state.statistics.problem == nil
        }
        if isNews { logger.warning("Redis refuses a command", metadata: ["redis": "\(address)", "reason": "\(text)"]) }
        return nil
    }
}
