import Cache
import Retrieval
import Server

extension SharedVectors {
    /// Shares the vectors of questions through a Redis server, which forgets each after some time.
    init(_ store: RedisStore, for time: Duration) {
        self.init(value: { await store.value(of: $0) }, keep: { store.keep($0, as: $1, for: time) })
    }
}

extension RedisFigures {
    init(_ store: RedisStore) {
        let statistics = store.statistics
        self.init(
            state: statistics.isConnected ? .connected : .unavailable, address: store.address.description, problem: statistics.problem,
            answered: statistics.answered, failures: statistics.failures, skipped: statistics.skipped, outages: statistics.outages)
    }
}
