import Foundation
import Testing
import VectorIndex

struct UpdateTests {
    private let partition = id(8_000_000)
    private let index = PartitionedIndex(configuration: IndexConfiguration(dimensions: 4))

    @Test(arguments: [
        ([Float](repeating: 0, count: 4), VectorIndexError.zeroVector(.row(id(2)))),
        ([1, 2, 3], .wrongDimensions(.row(id(2)), expected: 4, found: 3)),
        ([1, .nan, 3, 4], .notFinite(.row(id(2)), position: 1)),
        ([1, 2, 3, .infinity], .notFinite(.row(id(2)), position: 3)),
    ])
    func oneBadRowRefusesTheBatch(vector: [Float], expected: VectorIndexError) throws {
        try index.upsert([IndexRow(id: id(1), vector: [1, 0, 0, 0])], in: partition)
        let batch = [
            IndexRow(id: id(1), vector: [0, 1, 0, 0]), IndexRow(id: id(2), vector: vector), IndexRow(id: id(3), vector: [1, 1, 1, 1]),
        ]
        #expect(throws: expected) { try index.upsert(batch, in: partition) }
        #expect(throws: expected) { try index.replacePartition(partition, with: batch) }
        #expect(index.count(in: partition) == 1)
        #expect(try index.search(SearchRequest(vector: [1, 0, 0, 0], partitions: [partition])).hits.map(\.score) == [1])
        #expect(expected.description.contains(id(2).uuidString))
    }

    @Test func aRefusedBatchMakesNoPartition() {
        #expect(throws: VectorIndexError.self) { try index.upsert([IndexRow(id: id(1), vector: [])], in: partition) }
        #expect(index.statistics == IndexStatistics())
    }

    @Test func extremeLengthsAreNormalised() throws {
        let huge = Float.greatestFiniteMagnitude
        let tiny = Float.leastNonzeroMagnitude
        try index.upsert(
            [IndexRow(id: id(1), vector: [huge, huge, huge, huge]), IndexRow(id: id(2), vector: [tiny, -tiny, tiny, -tiny])], in: partition)
        try index.checkInvariants()
        let hits = try index.search(SearchRequest(vector: [1, 1, 1, 1], partitions: [partition])).hits
        #expect(hits.map(\.score) == [1, 0])
    }

    @Test func ofTwoRowsWithOneIdTheLaterStays() throws {
        try index.upsert(
            [
                IndexRow(id: id(1), vector: [1, 0, 0, 0]), IndexRow(id: id(2), vector: [1, 0, 0, 0]),
                IndexRow(id: id(1), vector: [0, 1, 0, 0]),
            ],
            in: partition)
        let hits = try index.search(SearchRequest(vector: [0, 1, 0, 0], partitions: [partition])).hits
        #expect(hits.map(\.id) == [id(1), id(2)])
        #expect(hits.map(\.score) == [1, 0])
        try index.checkInvariants()
    }

    @Test func compactionReclaimsMemoryAndKeepsEveryLiveRow() throws {
        var generator = SplitMix64(seed: 11)
        let rows = (0..<12_000).map { IndexRow(id: id($0), vector: smoothVector(4, &generator)) }
        try index.upsert(rows, in: partition)
        let full = index.statistics.bytes
        for start in stride(from: 0, to: 12_000, by: 300) {
            let victims = (start..<start + 300).filter { $0 % 10 != 0 }.map(id)
            #expect(index.remove(victims, from: partition) == 270)
            try index.checkInvariants()
        }
        let statistics = index.statistics
        #expect(statistics.rows == 1200)
        #expect(statistics.tombstones <= 300)
        #expect(statistics.bytes < full / 4)
        let hits = try index.search(SearchRequest(vector: [1, 0, 0, 0], partitions: [partition], k: 10_000)).hits
        #expect(Set(hits.map(\.id)) == Set((0..<1200).map { id($0 * 10) }))
    }

    @Test func replacingOneRowForeverNeedsBoundedMemory() throws {
        try index.upsert((0..<100).map { IndexRow(id: id($0), vector: [1, Float($0), 0, 0]) }, in: partition)
        let before = index.statistics.bytes
        for turn in 0..<5000 { try index.upsert([IndexRow(id: id(5), vector: [1, 0, Float(turn), 0])], in: partition) }
        #expect(index.statistics.rows == 100)
        #expect(index.statistics.bytes <= 4 * before)
        try index.checkInvariants()
    }

    @Test func aSmallPartitionIsSmall() throws {
        try index.upsert([IndexRow(id: id(1), vector: [1, 0, 0, 0])], in: partition)
        #expect(index.statistics.bytes < 1_024)
    }

    @Test func removalsCountWhatWasThere() throws {
        try index.upsert((0..<3).map { IndexRow(id: id($0), vector: [1, 0, 0, 0]) }, in: partition)
        #expect(index.remove([id(0), id(0), id(9)], from: partition) == 1)
        #expect(index.remove([id(0)], from: id(77)) == 0)
        #expect(index.removePartition(partition) == 2)
        #expect(index.removePartition(partition) == 0)
        #expect(index.statistics == IndexStatistics())
    }
}
