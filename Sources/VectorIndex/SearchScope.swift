import CVectorKernels
import FoundationEssentials

/// The rows one search may return: a snapshot of each of its partitions.
struct SearchScope {
    private struct Part {
        let id: UUID
        let partition: Partition
        let rows: [BlockView]
    }

    private let parts: [Part]
    private let dimensions: Int
    private let matched: Int

    init(_ index: PartitionedIndex, partitions: [UUID], allowed: Set<UUID>?) {
        var seen = Set<UUID>()
        parts = partitions.compactMap { id in
            guard seen.insert(id).inserted, let partition = index.existing(id) else { return nil }
            let rows = partition.snapshot(allowed: allowed)
            return rows.isEmpty ? nil : Part(id: id, partition: partition, rows: rows)
        }
        dimensions = index.configuration.dimensions
        matched = parts.reduce(0) { $0 + $1.rows.reduce(0) { $0 + $1.live.count } }
    }

    /// Answers up to `QueryTile.maximumCount` queries.
    func answer(_ vectors: ArraySlice<[Float]>, norms: ArraySlice<Double>, k: Int) -> [SearchResponse] {
        let width = vectors.count * (dimensions + RowMask.capacity)
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { memory in
            guard let base = memory.baseAddress else { return [] }
            for (position, (vector, norm)) in zip(vectors, norms).enumerated() {
                bunko_scale(vector, 1 / norm, base + position * dimensions, dimensions)
            }
            let tile = QueryTile(vectors: base, count: vectors.count, scores: base + vectors.count * dimensions)
            return answer(tile, k: k)
        }
    }

    private func answer(_ tile: QueryTile, k: Int) -> [SearchResponse] {
        var best = [BestHits](repeating: BestHits(k: k), count: tile.count)
        let scanned = best.withUnsafeMutableBufferPointer { best in
            parts.indices.reduce(0) { $0 + parts[$1].partition.scan(parts[$1].rows, tile, partition: $1, best: best) }
        }
        return best.map { best in
            let hits = best.sorted().map { SearchResponse.Hit(id: $0.id, partition: parts[$0.partition].id, score: $0.score) }
            return SearchResponse(hits: hits, exact: true, probes: parts.count, scanned: scanned, matched: matched)
        }
    }
}
