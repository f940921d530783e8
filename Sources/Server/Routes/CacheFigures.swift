public import Ingestion
import Retrieval
import Storage

/// What of the caches no other part of the server knows.
public struct CacheSources: Sendable {
    /// Vectors of passages.
    public var passages: @Sendable () -> KeptVectorCounts
    /// The Redis that servers share; nil where there is none.
    public var redis: (@Sendable () -> RedisFigures)?

    public init(passages: @escaping @Sendable () -> KeptVectorCounts, redis: (@Sendable () -> RedisFigures)?) {
        self.passages = passages
        self.redis = redis
    }
}

/// How the Redis that servers share stands, and what was asked of it since the start.
public struct RedisFigures: Encodable, Sendable {
    public enum State: String, Encodable, Sendable {
        case connected, unavailable
        case notConfigured = "not_configured"
    }

    let state: State
    /// Without user and password.
    @Nullable var address: String?
    @Nullable var problem: String?
    /// Commands that were answered, declined or given up, and not sent.
    let answered: Int
    let failures: Int
    let skipped: Int
    /// How often it went away.
    let outages: Int

    public init(state: State, address: String?, problem: String?, answered: Int, failures: Int, skipped: Int, outages: Int) {
        self.state = state
        self.answered = answered
        self.failures = failures
        self.skipped = skipped
        self.outages = outages
        _address = Nullable(wrappedValue: address)
        _problem = Nullable(wrappedValue: problem)
    }

    static let none = RedisFigures(state: .notConfigured, address: nil, problem: nil, answered: 0, failures: 0, skipped: 0, outages: 0)
}

/// What vectors are remembered, and what that has saved since the start of this server.
struct CacheFigures: Encodable, Sendable {
    /// Vectors of questions: in memory, then in Redis.
    struct Questions: Encodable, Sendable {
        let remembered: Int
        let memory_hits: Int
        let redis_hits: Int
        let damaged: Int
        let misses: Int
    }

    /// Vectors of passages, in PostgreSQL.
    struct Passages: Encodable, Sendable {
        let estimated_entries: Int
        let bytes: Int
        let hits: Int
        let misses: Int
    }

    let questions: Questions
    let passages: Passages
    let redis: RedisFigures

    init(_ sources: CacheSources, _ questions: QuestionStatistics, _ database: DatabaseStatistics) {
        self.questions = Questions(
            remembered: questions.remembered, memory_hits: questions.memoryHits, redis_hits: questions.sharedHits,
            damaged: questions.damaged, misses: questions.misses)
        let (table, counts) = (database.tables.first { $0.name == "embedding_cache" }, sources.passages())
        passages = Passages(
            estimated_entries: table?.estimated_rows ?? 0, bytes: table?.bytes ?? 0, hits: counts.hits, misses: counts.misses)
        redis = sources.redis?() ?? .none
    }
}
