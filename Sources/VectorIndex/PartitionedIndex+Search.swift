public import FoundationEssentials

extension PartitionedIndex {
    /// The k rows nearest to the vector by cosine, among the live and allowed rows of the partitions.
    ///
    /// Exact; fewer than k hits only when fewer rows match. Each partition is seen as it was at one moment during the call. Throws when
    /// the vector has the wrong number of dimensions, is zero or not finite, or when k is out of range. Cost: every row is read once,
    /// except those a filter rules out.
    public func search(_ request: SearchRequest) throws(VectorIndexError) -> SearchResponse {
        let responses = try searchBatch([request.vector], partitions: request.partitions, k: request.k, allowed: request.allowed)
        return responses[0]
    }

    /// Answers many queries over the same partitions and filter, with the results `search` would give, in the order of the vectors.
    ///
    /// Scores come from matrix products, which read each row once for 128 queries. Same errors as `search`.
    public func searchBatch(
        _ vectors: [[Float]], partitions: [UUID], k: Int = 10, allowed: Set<UUID>? = nil
    ) throws(VectorIndexError) -> [SearchResponse] {
        guard SearchRequest.validK.contains(k) else { throw .kOutOfRange(k) }
        var norms: [Double] = []
        for (position, vector) in vectors.enumerated() {
            norms.append(try validatedNorm(vector, of: .query(position), dimensions: configuration.dimensions))
        }
        let scope = SearchScope(self, partitions: partitions, allowed: allowed)
        var responses: [SearchResponse] = []
        responses.reserveCapacity(vectors.count)
        for start in stride(from: 0, to: vectors.count, by: QueryTile.maximumCount) {
            let tile = start..<min(vectors.count, start + QueryTile.maximumCount)
            responses += scope.answer(vectors[tile], norms: norms[tile], k: k)
        }
        return responses
    }
}
