import Foundation
import Testing
import VectorIndex

struct ShrinkingTests {
    /// A partition that falls back to bare rows has no codes for the rows it then moves together.
    @Test func codesAreDroppedBeforeRowsMove() throws {
        var configuration = IndexConfiguration(dimensions: 4)
        configuration.exhaustiveRows = 1_500
        configuration.singleListRows = 10_000
        let index = PartitionedIndex(configuration: configuration)
        var generator = SplitMix64(seed: 4)
        let partition = id(9_100_000)
        try index.upsert((0..<2_000).map { IndexRow(id: id($0), vector: smoothVector(4, &generator)) }, in: partition)
        index.remove((0..<2_000).filter { $0 % 4 != 0 }.map(id), from: partition)
        try index.checkInvariants()
        #expect(index.count(in: partition) == 500)
    }
}
