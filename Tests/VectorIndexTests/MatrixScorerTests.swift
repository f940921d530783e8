import Foundation
import Testing
import RowFilters
import VectorIndex

/// Batches that are scored by products of matrices give what single searches give, to the bit.
struct MatrixScorerTests {
    private static let partitions = (0..<3).map { id(7_100_000 + $0) }

    /// Partitions of several chunks with holes: rows with ties, rows many times over, rows that nearly tie.
    private func index(dimensions: Int, _ generator: inout SplitMix64) throws -> PartitionedIndex {
        var configuration = IndexConfiguration(dimensions: dimensions)
        configuration.singleListRows = 1_000
        configuration.maintainsItself = false
        let index = PartitionedIndex(configuration: configuration)
        let favourite = smoothVector(dimensions, &generator)
        for (partition, count) in zip(Self.partitions, [3_000, 700, 40]) {
            let rows = (0..<count).map { number in
                let vector: [Float] =
                    switch number % 4 {
                    case 0: coarseVector(dimensions, &generator)
                    case 1: smoothVector(dimensions, &generator)
                    case 2: favourite
                    // Neighbours of the same row that differ in the last bits.
                    default: favourite.map { $0 * (1 + Float(Int.random(in: -2...2, using: &generator)) * .ulpOfOne) }
                    }
                return IndexRow(id: id(number), vector: vector, attributes: RowAttributes(numbers: ["number": Double(number)]))
            }
            try index.upsert(rows, in: partition)
            index.remove((0..<count).filter { $0 % 7 == 3 || (500..<760).contains($0) && $0 % 50 != 0 }.map(id), from: partition)
        }
        index.maintain()
        return index
    }

    @Test(arguments: [3, 64, 200])
    func exactBatchesAreSingleSearches(dimensions: Int) throws {
        var generator = SplitMix64(seed: UInt64(dimensions))
        let index = try index(dimensions: dimensions, &generator)
        let queries = (0..<70).map { $0 % 2 == 0 ? coarseVector(dimensions, &generator) : smoothVector(dimensions, &generator) }
        let half = Set((0..<3_000).filter { $0 % 2 == 0 }.map(id)), few = Set((0..<3_000).filter { $0 % 40 == 0 }.map(id))
        let filters: [(Set<UUID>?, RowFilter?)] = [
            (nil, nil), (half, nil), (few, nil), (nil, .compare(.less, key: "number", value: .number(1_100))),
            (half, .compare(.greater, key: "number", value: .number(2_990))),
        ]
        for (allowed, filter) in filters {
            for k in [1, 10, 900] {
                for queries in [queries, Array(queries.prefix(4)), Array(queries.prefix(3))] {
                    let batch = try index.searchBatch(
                        queries, partitions: Self.partitions, k: k, allowed: allowed, filter: filter, effort: .exact, workers: 2)
                    let single = try queries.map {
                        try index.search(
                            SearchRequest(
                                vector: $0, partitions: Self.partitions, k: k, allowed: allowed, filter: filter, effort: .exact))
                    }
                    #expect(batch == single)
                }
            }
        }
    }

    /// Every row ties with every other: ids decide, in each chunk and tile.
    @Test func equalRowsComeByIdInABatch() throws {
        var generator = SplitMix64(seed: 96)
        let vector = smoothVector(48, &generator)
        let index = PartitionedIndex(configuration: IndexConfiguration(dimensions: 48))
        let numbers = (0..<2_500).shuffled(using: &generator)
        try index.upsert(numbers.map { IndexRow(id: id($0), vector: vector) }, in: Self.partitions[0])
        let queries = (0..<20).map { _ in smoothVector(48, &generator) }
        for response in try index.searchBatch(queries, partitions: [Self.partitions[0]], k: 30, effort: .exact) {
            #expect(response.hits.map(\.id) == (0..<30).map(id))
            #expect(response.exact && response.scanned == 2_500)
        }
    }
}
