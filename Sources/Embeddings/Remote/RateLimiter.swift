/// Keeps what is sent below what a provider allows in a minute.
///
/// Each limit is a bucket that fills evenly and holds what a minute brings. Whoever asks takes at once and waits until the bucket would
/// have filled up to nothing owed: so all wait in the order they asked in, and a large request is not overtaken by small ones.
actor RateLimiter {
    /// One limit and what of it is left.
    private struct Bucket {
        /// Nil while the limit is not known: everything is allowed.
        var perMinute: Double?
        /// May be negative: owed by those who wait.
        var available: Double
        var updated: ContinuousClock.Instant

        mutating func refill(_ now: ContinuousClock.Instant) {
            guard let perMinute else { return }
            available = min(perMinute, available + (now - updated) / .seconds(60) * perMinute)
            updated = now
        }

        /// Takes `count`, and tells how long its taker waits.
        mutating func take(_ count: Double, _ now: ContinuousClock.Instant) -> Duration {
            guard let perMinute else { return .zero }
            refill(now)
            // What exceeds a whole minute's worth would never be allowed; it waits for a full bucket.
            available -= min(count, perMinute)
            return available >= 0 ? .zero : .seconds(-available / perMinute * 60)
        }
    }

    /// How much of a limit is used: clocks differ, and other programs may use the same key.
    private static let share = 0.95

    private var requests: Bucket
    private var tokens: Bucket
    private var blockedUntil: ContinuousClock.Instant

    /// - Parameters: what is allowed in a minute; nil where it is not known.
    init(requestsPerMinute: Int?, tokensPerMinute: Int?) {
        let now = ContinuousClock.now
        func bucket(_ limit: Int?) -> Bucket {
            let limit = limit.map { Double($0) * Self.share }
            return Bucket(perMinute: limit, available: limit ?? 0, updated: now)
        }
        requests = bucket(requestsPerMinute)
        tokens = bucket(tokensPerMinute)
        blockedUntil = now
    }

    /// Waits until a request of so many tokens may be sent.
    /// - Throws: `CancellationError`; what was taken stays taken.
    func admit(tokens count: Int) async throws {
        let now = ContinuousClock.now
        let wait = max(requests.take(1, now), tokens.take(Double(count), now))
        if wait > .zero { try await Task.sleep(for: wait) }
        // Whoever was told to wait speaks for all.
        while blockedUntil > .now { try await Task.sleep(until: blockedUntil) }
    }

    /// Sends nothing for so long: the provider said so.
    func block(for duration: Duration) {
        blockedUntil = max(blockedUntil, .now + duration)
    }

    /// Takes over what an answer tells of the limits and of what is left of them.
    func learn(_ told: RateLimits) {
        let now = ContinuousClock.now
        Self.learn(told.requests, &requests, now)
        Self.learn(told.tokens, &tokens, now)
    }

    private static func learn(_ told: RateLimits.Limit, _ bucket: inout Bucket, _ now: ContinuousClock.Instant) {
        bucket.refill(now)
        if let perMinute = told.perMinute, perMinute > 0 {
            let limit = Double(perMinute) * share
            if bucket.perMinute == nil { bucket.available = limit }
            bucket.perMinute = limit
            bucket.updated = now
        }
        if let remaining = told.remaining, bucket.perMinute != nil { bucket.available = min(bucket.available, Double(remaining)) }
    }
}

/// What the headers of an answer tell of a provider's limits, where they do: `x-ratelimit-limit-requests`, `x-ratelimit-remaining-tokens`
/// and their kin.
struct RateLimits: Sendable, Equatable {
    struct Limit: Sendable, Equatable {
        var perMinute: Int?
        var remaining: Int?
    }

    var requests = Limit()
    var tokens = Limit()

    /// - Parameter header: the value of a header of the answer, by its name in small letters.
    init(_ header: (String) -> String?) {
        func number(_ name: String) -> Int? {
            header("x-ratelimit-\(name)").flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
        }
        requests = Limit(perMinute: number("limit-requests"), remaining: number("remaining-requests"))
        tokens = Limit(perMinute: number("limit-tokens"), remaining: number("remaining-tokens"))
    }
}
