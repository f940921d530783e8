import Domain

/// How long a request is tried again that failed for no fault of its own: the server is busy, or away for a moment.
struct Patience: Sendable {
    /// For a server that says it is busy (429, 503) or that something behind it is (502, 504).
    var whileBusy = Duration.seconds(600)
    /// For one that does not answer at all: a restart takes as long.
    var whileAway = Duration.seconds(20)

    /// Tries until it succeeds or patience ends, then throws the last failure.
    /// - Returns: the result, and whether an earlier try may have reached the server before it failed.
    func trying<R>(_ request: () async throws -> R) async throws -> (result: R, mayBeRepeated: Bool) {
        let start = ContinuousClock.now
        var tries = 0
        var mayBeRepeated = false
        while true {
            do {
                return (try await request(), mayBeRepeated)
            } catch {
                guard let pause = pause(after: error, tries: tries, waited: ContinuousClock.now - start) else { throw error }
                tries += 1
                mayBeRepeated = mayBeRepeated || error is Problem
                try await Task.sleep(for: pause * Double.random(in: 1...1.25))
            }
        }
    }

    /// As ``trying(_:)``, for requests that may be sent twice.
    func callAsFunction<R>(_ request: () async throws -> R) async throws -> R { try await trying(request).result }

    /// The wait before the next try: what the server asks for, else from a quarter of a second on ever longer; nil when it is hopeless.
    func pause(after error: any Error, tries: Int, waited: Duration) -> Duration? {
        let grown = min(Duration.milliseconds(250) * (1 << min(tries, 6)), .seconds(15))
        if let failure = error as? APIClient.Failure, [429, 502, 503, 504].contains(failure.status) {
            let pause = failure.retryAfter.map { Duration.seconds(min(max($0, 0), 300)) } ?? grown
            return waited + pause <= whileBusy ? max(pause, .milliseconds(50)) : nil
        }
        if let problem = error as? Problem, problem.code == APIClient.unreachable {
            return waited + grown <= whileAway ? grown : nil
        }
        return nil
    }
}
