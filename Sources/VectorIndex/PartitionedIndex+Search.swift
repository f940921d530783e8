public import FoundationEssentials

extension PartitionedIndex {
    /// The k rows nearest to the vector by cosine, among the live and allowed rows of the partitions.
    ///
    /// Fewer than k hits only when fewer rows match. Each partition is seen as it was at one moment during the call. Throws when the vector has
    /// the wrong number of dimensions, is zero or not finite, or when k is out of range.
    public func search(_ request: SearchRequest) throws(VectorIndexError) -> SearchResponse {
        guard SearchRequest.validK.contains(request.k) else { throw .kOutOfRange(request.k) }
        let norm = try validatedNorm(request.vector, of: .query(0), dimensions: configuration.dimensions)
        let scope = SearchScope(self, partitions: request.partitions, allowed: request.allowed)
        var search = PartitionSearch(request.vector, norm: norm, scope: scope, k: request.k, effort: request.effort)
        return search.answer()
    }

    /// Answers many queries over the same partitions and filter, as `search` would, in the order of the vectors.
    public func searchBatch(
        _ vectors: [[Float]], partitions: [UUID], k: Int = 10, allowed: Set<UUID>? = nil, effort: SearchEffort = .standard
    ) throws(VectorIndexError) -> [SearchResponse] {
        guard SearchRequest.validK.contains(k) else { throw .kOutOfRange(k) }
        var norms: [Double] = []
        for (position, vector) in vectors.enumerated() {
            norms.append(try validatedNorm(vector, of: .query(position), dimensions: configuration.dimensions))
        }
        let scope = SearchScope(self, partitions: partitions, allowed: allowed)
        return zip(vectors, norms).map { vector, norm in
            var search = PartitionSearch(vector, norm: norm, scope: scope, k: k, effort: effort)
            return search.answer()
        }
    }
}
