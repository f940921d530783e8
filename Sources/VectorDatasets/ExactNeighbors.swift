import CBLAS
import CSyntheticVectors

/// The exact nearest rows of queries by inner product, which is the cosine for vectors of length 1: the truth that an index is held
/// against.
///
/// A matrix product in float32 nominates, a sum in float64 decides, so the answer does not depend on the library or on the blocks.
public enum ExactNeighbors {
    /// Rows and queries that one matrix product takes: their scores fit into the second-level cache.
    private static let rowsPerBlock = 1024
    private static let queriesPerBlock = 256
    /// Queries whose candidates are in memory at a time: bounds them to about 100 MB.
    private static let queriesPerPass = 8192

    /// The best `k` rows of each query, by descending score and then ascending id. `progress` is told the rows times queries that are done.
    public static func find(
        base: VectorMatrix, queries: VectorMatrix, k: Int, threads: Int, progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> NeighborTable {
        guard base.dimensions == queries.dimensions else {
            throw DatasetError.mismatch(
                path: queries.path, what: "queries of \(queries.dimensions) values for a base of \(base.dimensions)")
        }
        let k = min(k, base.rows)
        var ids: [Int32] = []
        var scores: [Float] = []
        for first in stride(from: 0, to: queries.rows, by: queriesPerPass) {
            let some = first..<min(first + queriesPerPass, queries.rows)
            for best in try await find(base, queries, some, k, threads, progress) {
                ids += best.map(\.id)
                scores += best.map { Float($0.score) }
            }
        }
        return NeighborTable(queries: queries.rows, k: k, ids: ids, scores: scores)
    }

    /// Each thread looks through its share of the rows for all queries, then decides for its share of the queries.
    private static func find(
        _ base: VectorMatrix, _ queries: VectorMatrix, _ some: Range<Int>, _ k: Int, _ threads: Int,
        _ progress: @escaping @Sendable (Int) -> Void
    ) async throws -> [[Exact]] {
        let nominated = try await onShares(of: 0..<base.rows, threads) { rows in
            try nominate(base, rows, queries, some, k, progress)
        }
        let decided = try await onShares(of: some, threads) { share in
            share.map { query in decide(nominated.flatMap { $0[query - some.lowerBound].ids }, base, queries, query, k) }
        }
        return decided.flatMap(\.self)
    }

    private static func nominate(
        _ base: VectorMatrix, _ rows: Range<Int>, _ queries: VectorMatrix, _ some: Range<Int>, _ k: Int, _ progress: @Sendable (Int) -> Void
    ) throws -> [Nominees] {
        // Each of two scores errs by at most dimensions * 2^-24 for vectors of length 1.
        let margin = 2 * Float(base.dimensions) * 0x1p-24
        var nominees = [Nominees](repeating: Nominees(k: k, margin: margin), count: some.count)
        try withUnsafeTemporaryAllocation(of: Float.self, capacity: rowsPerBlock * queriesPerBlock) { scores in
            for start in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsPerBlock) {
                try Task.checkCancellation()
                let block = start..<min(start + rowsPerBlock, rows.upperBound)
                for first in stride(from: some.lowerBound, to: some.upperBound, by: queriesPerBlock) {
                    let tile = first..<min(first + queriesPerBlock, some.upperBound)
                    multiply(queries, tile, base, block, into: scores)
                    for (index, query) in tile.enumerated() {
                        let row = UnsafeBufferPointer(rebasing: scores[index * rowsPerBlock..<index * rowsPerBlock + block.count])
                        nominees[query - some.lowerBound].offer(row, firstID: block.lowerBound)
                    }
                }
                progress(block.count * some.count)
            }
        }
        return nominees
    }

    private static func multiply(
        _ queries: VectorMatrix, _ tile: Range<Int>, _ base: VectorMatrix, _ block: Range<Int>,
        into scores: UnsafeMutableBufferPointer<Float>
    ) {
        queries.withValues { queryValues in
            base.withValues { baseValues in
                guard let left = queryValues.baseAddress, let right = baseValues.baseAddress else { return }
                cblas_sgemm(
                    CblasRowMajor, CblasNoTrans, CblasTrans, Int32(tile.count), Int32(block.count), Int32(base.dimensions), 1,
                    left + tile.lowerBound * queries.stride, Int32(queries.stride), right + block.lowerBound * base.stride,
                    Int32(base.stride), 0, scores.baseAddress, Int32(rowsPerBlock))
            }
        }
    }

    struct Exact: Sendable {
        var score: Double
        var id: Int32
    }

    private static func decide(_ ids: [Int32], _ base: VectorMatrix, _ queries: VectorMatrix, _ query: Int, _ k: Int) -> [Exact] {
        let scored = queries.withValues { queryValues in
            base.withValues { baseValues in
                ids.map { id in
                    let row = baseValues.baseAddress.map { $0 + Int(id) * base.stride }
                    let vector = queryValues.baseAddress.map { $0 + query * queries.stride }
                    return Exact(score: bunko_exact_dot(row, vector, base.dimensions), id: id)
                }
            }
        }
        return Array(scored.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }.prefix(k))
    }
}

/// The rows that may be among the best k of one query, as far as float32 can tell.
private struct Nominees: Sendable {
    private struct Nominee {
        var score: Float
        var id: Int32
    }

    let k: Int
    let margin: Float
    private var nominees: [Nominee] = []
    /// A score under this cannot be among the best k.
    private var floor = -Float.infinity
    /// Pruning waits for twice as many as the last time left, so that many equal rows cost no more than others.
    private var limit: Int

    init(k: Int, margin: Float) {
        self.k = k
        self.margin = margin
        limit = 2 * k + 256
    }

    var ids: [Int32] { nominees.lazy.filter { $0.score >= floor }.map(\.id) }

    mutating func offer(_ scores: UnsafeBufferPointer<Float>, firstID: Int) {
        for position in scores.indices where scores[position] >= floor {
            nominees.append(Nominee(score: scores[position], id: Int32(firstID + position)))
        }
        if nominees.count >= limit { prune() }
    }

    private mutating func prune() {
        nominees.sort { $0.score > $1.score }
        floor = nominees[k - 1].score - margin
        nominees.removeLast(nominees.count - (nominees.firstIndex { $0.score < floor } ?? nominees.count))
        limit = 2 * nominees.count + 256
    }
}

/// Cuts a range into one share for each thread and returns the results in order.
func onShares<R: Sendable>(
    of range: Range<Int>, _ threads: Int, _ work: @escaping @Sendable (Range<Int>) throws -> R
) async throws -> [R] {
    try await withThrowingTaskGroup(of: (Int, R).self) { tasks in
        for share in 0..<threads {
            let lower = range.lowerBound + range.count * share / threads
            let upper = range.lowerBound + range.count * (share + 1) / threads
            tasks.addTask { (share, try work(lower..<upper)) }
        }
        var results: [Int: R] = [:]
        for try await (share, result) in tasks { results[share] = result }
        return (0..<threads).compactMap { results[$0] }
    }
}
