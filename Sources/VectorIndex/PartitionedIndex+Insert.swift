public import FoundationEssentials

extension PartitionedIndex {
    /// Rows that make a whole piece of a partition's memory. Of a batch, so many, or a multiple, are copied and coded before other writers of
    /// the partition have to wait.
    public static let bulkRows = RowChunk.maximumCapacity

    /// Inserts rows, or replaces those whose id is already in the partition. The batch becomes visible as a whole; of two rows with one
    /// id the later stays. An unknown partition is made.
    ///
    /// Throws when a vector has the wrong number of dimensions, is zero or not finite, or an attribute is NaN; then nothing of the batch is applied. Cost: a
    /// copy and a code of each vector, and in a partition with lists a ranking of their centroids, as a search begins with.
    public func upsert(_ rows: [IndexRow], in partition: UUID) throws(VectorIndexError) {
        let normed = try validated(rows)
        guard !normed.isEmpty else { return }
        let target = made(partition)
        target.upsert(normed)
        maintainLater(partition, target)
        keeper?.grow(normed.count * configuration.dimensions * MemoryLayout<Float>.stride)
        keepBudgetLater()
    }

    /// Replaces all rows of a partition at once: a search sees the old rows or the new ones, which are trained before they are seen. Same errors
    /// as `upsert`; writers that have not returned yet count as earlier and are lost.
    public func replacePartition(_ partition: UUID, with rows: [IndexRow]) throws(VectorIndexError) {
        let normed = try validated(rows)
        guard !normed.isEmpty else {
            _ = exchange(partition, with: nil)
            return
        }
        let replacement = emptyPartition()
        replacement.upsert(normed)
        replacement.train()
        _ = exchange(partition, with: replacement)
        keeper?.grow(normed.count * configuration.dimensions * MemoryLayout<Float>.stride)
        keepBudgetLater()
    }

    private func validated(_ rows: [IndexRow]) throws(VectorIndexError) -> [NormedRow] {
        var normed: [NormedRow] = []
        normed.reserveCapacity(rows.count)
        for row in rows {
            let norm = try validatedNorm(row.vector, of: .row(row.id), dimensions: configuration.dimensions)
            for (key, number) in row.attributes.numbers where number.isNaN { throw .notANumber(.row(row.id), key: key) }
            normed.append(NormedRow(row: row, norm: norm))
        }
        return normed
    }
}
