import RowFilters
import CVectorKernels
import FoundationEssentials

/// What one search has found so far, in the memory the kernels work with.
final class SearchCollector {
    private static let firstCapacity = 2048

    let k: Int
    var state: bunko_collector
    private var candidates: UnsafeMutablePointer<bunko_candidate>
    private let heaps: UnsafeMutablePointer<Float>
    /// Rows that were scored exactly.
    private(set) var scored: [bunko_scored] = []

    init(k: Int) {
        self.k = k
        candidates = .allocate(capacity: Self.firstCapacity)
        heaps = .allocate(capacity: 2 * k)
        state = bunko_collector(
            candidates: candidates, count: 0, capacity: Self.firstCapacity, k: k, lower: heaps, exact: heaps + k, lower_count: 0,
            exact_count: 0, threshold: -.infinity)
    }

    deinit {
        candidates.deallocate()
        heaps.deallocate()
    }

    /// A row with a score under this is not among the best k.
    var bar: Float { state.exact_count < k ? -.infinity : state.exact[0] }

    /// The k largest lower bounds, or all when there are fewer, descending.
    var lowerBounds: [Float] {
        UnsafeBufferPointer(start: state.lower, count: state.lower_count).sorted(by: >)
    }

    /// Makes room for `count` more candidates.
    func reserve(_ count: Int) {
        guard state.capacity - state.count < count else { return }
        bunko_prune(&state)
        guard state.capacity - state.count < count else { return }
        let capacity = max(2 * state.capacity, state.count + count)
        let larger = UnsafeMutablePointer<bunko_candidate>.allocate(capacity: capacity)
        larger.update(from: candidates, count: state.count)
        candidates.deallocate()
        candidates = larger
        state.candidates = larger
        state.capacity = capacity
    }

    /// Takes a row whose exact score is known.
    func offer(_ score: Float, slot: Slot, partition: Int) {
        guard score >= bar else { return }
        bunko_collect_exact(&state, score)
        scored.append(bunko_scored(score: score, slot: slot, partition: UInt32(partition)))
    }

    /// Scores the candidates that may be among the best k, the most promising ones if there are more than `limit`.
    func rerank(_ query: QueryCode, _ parts: [SearchScope.Part], scoringAtMost limit: Int = .max) {
        let count = state.count
        guard count > 0 else { return }
        withUnsafeTemporaryAllocation(of: bunko_scored.self, capacity: count) { buffer in
            withUnsafeTemporaryAllocation(of: bunko_vectors.self, capacity: parts.count) { vectors in
                for (position, part) in parts.enumerated() {
                    vectors.initializeElement(at: position, to: bunko_vectors(chunks: part.view.table.vectors))
                }
                let found = bunko_rerank(
                    &state, query.unit, query.extent, query.dimensions, vectors.baseAddress, UInt32(RowChunk.shift), limit,
                    buffer.baseAddress)
                scored += buffer[..<found]
            }
        }
    }

    /// The best k rows, in the order of results.
    func hits(_ parts: [SearchScope.Part]) -> [SearchResponse.Hit] {
        var best = BestHits(k: k)
        for row in scored where row.score >= best.floor {
            let partition = Int(row.partition)
            guard let id = parts[partition].view.table.id(row.slot) else { continue }
            best.offer(BestHits.Candidate(score: row.score, id: id, partition: partition))
        }
        return best.sorted().map {
            SearchResponse.Hit(id: $0.id, partition: parts[$0.partition].id, score: min(1, max(-1, $0.score)))
        }
    }
}
