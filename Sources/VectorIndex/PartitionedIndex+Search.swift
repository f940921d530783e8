public import FoundationEssentials
public import RowFilters
import Synchronization

extension PartitionedIndex {
    /// The k rows nearest to the vector by cosine, among the live and allowed rows of the partitions.
    ///
    /// Fewer than k hits only when fewer rows match. Each partition is seen as it was at one moment during the call. Throws when the vector has
    /// the wrong number of dimensions, is zero or not finite, when k is out of range, or the filter beyond its limits.
    public func search(_ request: SearchRequest) throws(VectorIndexError) -> SearchResponse {
        guard SearchRequest.validK.contains(request.k) else { throw .kOutOfRange(request.k) }
        let norm = try validatedNorm(request.vector, of: .query(0), dimensions: configuration.dimensions)
        try Self.check(request.filter)
        let scope = SearchScope(self, partitions: request.partitions, allowed: request.allowed, filter: request.filter)
        defer { scope.end() }
        var search = PartitionSearch(request.vector, norm: norm, scope: scope, k: request.k, effort: request.effort)
        let response = search.answer()
        keepBudgetLater()
        return response
    }

    private static func check(_ filter: RowFilter?) throws(VectorIndexError) {
        do {
            try filter?.validate()
        } catch {
            switch error {
            case .tooDeep: throw .filterTooDeep
            case .tooLarge: throw .filterTooLarge
            }
        }
    }

    /// Queries that share products of matrices.
    private static let batchSize = 512

    /// Answers many queries over the same partitions and filter, as `search` would, in the order of the vectors.
    ///
    /// As fast as single searches side by side; faster where rows are scored without codes, exactly or by `.flat`, which products of matrices
    /// do. Runs on up to `workers` threads, the calling one among them. Same errors as `search`.
    public func searchBatch(
        _ vectors: [[Float]], partitions: [UUID], k: Int = 10, allowed: Set<UUID>? = nil, filter: RowFilter? = nil,
        effort: SearchEffort = .standard, workers: Int = 1
    ) throws(VectorIndexError) -> [SearchResponse] {
        guard SearchRequest.validK.contains(k) else { throw .kOutOfRange(k) }
        try Self.check(filter)
        var norms: [Double] = []
        for (position, vector) in vectors.enumerated() {
            norms.append(try validatedNorm(vector, of: .query(position), dimensions: configuration.dimensions))
        }
        let scope = SearchScope(self, partitions: partitions, allowed: allowed, filter: filter)
        defer { scope.end() }
        let answers = Guarded<[Int: [SearchResponse]]>([:])
        let grain = min(Self.batchSize, max(1, (vectors.count + workers - 1) / max(1, workers)))
        let checked = norms
        inParallel(vectors.count, grain: grain, workers: workers) { range in
            let responses = BatchSearch.answer(vectors[range], norms: checked[range], scope: scope, k: k, effort: effort)
            answers.withLock { $0[range.lowerBound] = responses }
        }
        keepBudgetLater()
        return answers.withLock { answers in answers.sorted { $0.key < $1.key }.flatMap(\.value) }
    }
}
