import Embeddings
import Synchronization
import Testing

@testable import Retrieval

@Suite struct QueryVectorCacheTests {
    private static let model = EmbeddingModel(id: "model", dimensions: 2)
    private static let vector = QueryVector([1, 0], tokens: 3)

    private func key(_ number: Int) -> QuestionKey { QuestionKey("question \(number)", Self.model) }

    /// What servers share, and how often it was asked.
    private final class Shelf: Sendable {
        let kept = Mutex<[String: [UInt8]]>([:])
        let asked = Mutex(0)

        var shared: SharedVectors {
            SharedVectors(
                value: { key in
                    self.asked.withLock { $0 += 1 }
                    return self.kept.withLock { $0[key] }
                },
                keep: { value, key in self.kept.withLock { $0[key] = value } })
        }
    }

    @Test func `Memory is asked first, then what servers share, and what is found there is remembered`() async {
        let shelf = Shelf()
        let (first, second) = (
            QueryVectorCache(capacity: 10, shared: shelf.shared), QueryVectorCache(capacity: 10, shared: shelf.shared)
        )
        #expect(await first.vector(of: key(1), dimensions: 2) == nil)
        first.remember(Self.vector, of: key(1))
        #expect(await first.vector(of: key(1), dimensions: 2)?.alone == [1, 0])
        #expect(first.statistics == QuestionStatistics(remembered: 1, memoryHits: 1, misses: 1))
        #expect(shelf.asked.withLock { $0 } == 1, "memory was enough")
        for _ in 0..<3 { #expect(await second.vector(of: key(1), dimensions: 2)?.tokens == 3) }
        #expect(second.statistics == QuestionStatistics(remembered: 1, memoryHits: 2, sharedHits: 1))
        #expect(shelf.asked.withLock { $0 } == 2)
    }

    @Test func `What is shared under a key but is no vector is a miss, until it is replaced`() async {
        let shelf = Shelf()
        let cache = QueryVectorCache(capacity: 10, shared: shelf.shared)
        cache.remember(Self.vector, of: key(1))
        shelf.kept.withLock { kept in for name in kept.keys { kept[name]?[30] ^= 1 } }
        let other = QueryVectorCache(capacity: 10, shared: shelf.shared)
        #expect(await other.vector(of: key(1), dimensions: 2) == nil)
        #expect(other.statistics == QuestionStatistics(damaged: 1, misses: 1))
        other.remember(Self.vector, of: key(1))
        #expect(await QueryVectorCache(capacity: 10, shared: shelf.shared).vector(of: key(1), dimensions: 2) != nil)
    }

    @Test func `The memory keeps what was asked last, and never more than it may`() async {
        let cache = QueryVectorCache(capacity: 10, shared: nil)
        for number in 0..<100 {
            cache.remember(Self.vector, of: key(number))
            _ = await cache.vector(of: key(0), dimensions: 2)
            #expect(cache.statistics.remembered <= 10)
        }
        #expect(await cache.vector(of: key(0), dimensions: 2) != nil, "it was asked all the time")
        #expect(await cache.vector(of: key(99), dimensions: 2) != nil)
        #expect(await cache.vector(of: key(50), dimensions: 2) == nil)
    }
}
