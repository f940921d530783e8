public import Domain
import Foundation

extension RedisStore {
    /// What a server tells of itself.
    public struct Greeting: Sendable {
        /// Nil where the login may not ask.
        public let version: String?
        /// How long it takes to an answer.
        public let ping: Duration
    }

    /// Asks a server once who it is.
    /// - Throws: `environment` with the reason why there is no answer.
    public static func greeting(of address: RedisAddress, limits: RedisLimits = RedisLimits()) async throws(Problem) -> Greeting {
        let result: Result<Greeting, RedisFailure> = await withCheckedContinuation { continuation in
            Thread {
                blockBrokenPipes()
                do throws(RedisFailure) {
                    continuation.resume(returning: .success(try greet(address, limits)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }.start()
        }
        do throws(RedisFailure) {
            return try result.get()
        } catch {
            throw Problem(
                .environment, code: "redis_unavailable", "\(address) does not answer: \(error.reason).",
                remedy: "Start Redis, or set REDIS_URL to where it is, with its user and password.")
        }
    }

    private static func greet(_ address: RedisAddress, _ limits: RedisLimits) throws(RedisFailure) -> Greeting {
        let connection = try RedisConnection.open(address, limits)
        let begin = ContinuousClock.now
        _ = try connection.ask(RedisCommand.words(["PING"]), within: limits.command)
        let ping = ContinuousClock.now - begin
        guard case .bytes(let text) = try connection.ask(RedisCommand.words(["INFO", "server"]), within: limits.connect) else {
            return Greeting(version: nil, ping: ping)
        }
        let lines = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
        let version = lines.first { $0.hasPrefix("redis_version:") }?.dropFirst("redis_version:".count)
        return Greeting(version: version.map(String.init), ping: ping)
    }
}
