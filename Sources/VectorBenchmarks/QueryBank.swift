import VectorDatasets

/// The queries of a data set as every system gets them, and the judge of the answers.
public struct QueryBank: Sendable {
    /// Answers within this of the k-th exact score are as good as it.
    private static let tie = 1e-6
    private static let mostWarmUp = 200

    /// The queries, and to warm up the last tenth of the file, at most 200.
    let queries: QuerySet
    /// The queries that are measured.
    public var measured: [[Float]] { queries.measured }
    /// Others.
    public var warmUp: [[Float]] { queries.warmUp }
    /// Neighbours asked for.
    public var k: Int { queries.k }
    private let base: VectorMatrix
    private let truth: NeighborTable

    /// Opens the set's queries and neighbours; at most `limit` queries are measured.
    public init(_ folder: DatasetFolder, base: VectorMatrix, k: Int, limit: Int? = nil) throws {
        let queries = try folder.queries(for: base)
        truth = try folder.truth(base: base, queries: queries)
        guard k <= truth.k else {
            throw DatasetError.mismatch(
                path: folder.path, what: "\(truth.k) exact neighbours of each query are known, and \(k) are asked for")
        }
        guard queries.rows > 1 else {
            throw DatasetError.mismatch(path: queries.path, what: "one query is to be measured and one to warm up")
        }
        let warm = max(1, min(Self.mostWarmUp, queries.rows / 10))
        let count = min(limit ?? queries.rows, queries.rows - warm)
        self.queries = QuerySet(
            measured: (0..<count).map { queries.copy($0..<$0 + 1) },
            warmUp: (queries.rows - warm..<queries.rows).map { queries.copy($0..<$0 + 1) }, k: k)
        self.base = base
    }

    /// Recall of each answer; answer i is to query i, starting over after the last. A row that is given twice counts once.
    public func recalls(of answers: [[Int]]) -> [Double] {
        answers.enumerated().map { position, rows in
            let query = position % measured.count
            let nearest = truth.ids(ofQuery: query).prefix(k).map { Int($0) }
            let known = Set(nearest)
            let floor = score(nearest[k - 1], query) - Self.tie
            let found = Set(rows.prefix(k)).count { known.contains($0) || ((0..<base.rows).contains($0) && score($0, query) >= floor) }
            return Double(found) / Double(k)
        }
    }

    private func score(_ row: Int, _ query: Int) -> Double {
        base.withValues { values in
            measured[query].indices.reduce(0) { $0 + Double(values[row * base.stride + $1]) * Double(measured[query][$1]) }
        }
    }
}
