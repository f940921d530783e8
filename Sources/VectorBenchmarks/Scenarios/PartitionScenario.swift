import RowFilters
import VectorIndex

extension ScenarioMeasurement {
    /// Sizes that are asked for.
    static let partitionRows = [2_000, 10_000]

    /// An index of its own for each size, of the set's first rows; sizes the set does not reach are left out.
    func partitions(workers: Int) async throws -> [PartitionFigures] {
        var figures: [PartitionFigures] = []
        for rows in Self.partitionRows where rows <= base.rows {
            let contender = try await built(rows: rows, workers: workers) { _ in RowAttributes() }
            figures.append(PartitionFigures(rows: rows, search: try await search(contender, bank.queries).0))
        }
        return figures
    }
}
