import Foundation
import Testing

import RowFilters
@testable import VectorIndex

/// Lists that shrink are merged, and the recall is measured anew when the rows have changed, without training anew.
struct MaintenanceTests {
    private static let dimensions = 24
    private let partition = id(1)
    private let index: PartitionedIndex

    init() {
        index = Self.index(maintainsItself: false)
    }

    private static func index(maintainsItself: Bool) -> PartitionedIndex {
        var configuration = IndexConfiguration(dimensions: dimensions)
        configuration.singleListRows = 1_000
        configuration.maintainsItself = maintainsItself
        return PartitionedIndex(configuration: configuration)
    }

    private func coarse(_ index: PartitionedIndex) throws -> CoarseQuantizer {
        try #require(index.existing(partition)?.view.withLock { $0.table.coarse })
    }

    /// Rows of two regions.
    private func row(_ number: Int, _ generator: inout SplitMix64) -> IndexRow {
        var vector = smoothVector(Self.dimensions, &generator)
        vector[0] = number % 2 == 0 ? 2 : -2
        return IndexRow(id: id(number), vector: vector, attributes: RowAttributes(numbers: ["number": Double(number)]))
    }

    private func recall(_ effort: SearchEffort, _ naive: NaiveIndex, _ generator: inout SplitMix64) throws -> Double {
        var found = 0
        for turn in 0..<60 {
            var request = SearchRequest(vector: row(turn, &generator).vector, partitions: [partition], k: 10, effort: .exact)
            let exact = try index.search(request)
            #expect(naive.complaint(about: exact, to: request) == nil)
            request.effort = effort
            let response = try index.search(request)
            #expect(naive.complaint(about: response, to: request, mayMiss: true) == nil)
            let best = Set(exact.hits.map(\.id))
            found += response.hits.count { best.contains($0.id) }
        }
        return Double(found) / 600
    }

    @Test func listsThatShrankAreMerged() throws {
        var generator = SplitMix64(seed: 91)
        var naive = NaiveIndex()
        let rows = (0..<4_000).map { row($0, &generator) }
        try index.upsert(rows, in: partition)
        naive.upsert(rows, in: partition)
        index.maintain()
        let trained = try coarse(index)
        // Nearly all of one region goes, in steps, while the other stays.
        for step in 0..<4 {
            let gone = (0..<4_000).filter { $0 % 2 == 0 && $0 % 50 != 0 && $0 % 4_000 / 1_000 == step }.map(id)
            #expect(index.remove(gone, from: partition) == gone.count)
            for id in gone { naive.rows[partition]?[id] = nil }
            let before = index.statistics.lists
            try index.checkInvariants()
            index.maintain()
            try index.checkInvariants()
            #expect(index.statistics.lists <= before)
        }
        let merged = try coarse(index)
        #expect(merged.components === trained.components)
        #expect(merged.lists < trained.lists * 3 / 4, "\(trained.lists) lists became \(merged.lists)")
        let table = try #require(index.existing(partition)).view.withLock { $0 }
        let mean = Double(table.liveCount) / Double(merged.lists)
        let small = table.table.lists.count { list in Double((0..<list.count).count { table.live.contains(list.slot($0)) }) < 0.3 * mean }
        #expect(small * 20 < merged.lists, "\(small) of \(merged.lists) lists are small")
        #expect(try recall(.recall(0.95), naive, &generator) > 0.9)
        #expect(try recall(.probes(10_000, epsilon: 2.5), naive, &generator) > 0.98)
        // The lists take new rows, and those split, merge and are found again.
        let more = (10_000..<14_000).map { row($0, &generator) }
        try index.upsert(more, in: partition)
        naive.upsert(more, in: partition)
        index.maintain()
        try index.checkInvariants()
        #expect(try recall(.recall(0.95), naive, &generator) > 0.9)
    }

    @Test func mergingGoesOnInTheBackground() throws {
        let index = Self.index(maintainsItself: true)
        var generator = SplitMix64(seed: 92)
        try index.replacePartition(partition, with: (0..<3_000).map { row($0, &generator) })
        let before = index.statistics.lists
        for first in stride(from: 0, to: 3_000, by: 100) {
            index.remove((first..<first + 100).filter { $0 % 2 == 0 }.map(id), from: partition)
            let response = try index.search(SearchRequest(vector: row(0, &generator).vector, partitions: [partition]))
            #expect(response.hits.count == 10)
        }
        // Waits for what goes on.
        index.maintain()
        try index.checkInvariants()
        #expect(index.statistics.lists < before)
        #expect(index.count(in: partition) == 1_500)
    }

    @Test func halfOfTheRowsChangedMeansAnotherCalibration() throws {
        var generator = SplitMix64(seed: 93)
        var naive = NaiveIndex()
        func upsert(_ numbers: some Sequence<Int>) throws {
            let rows = numbers.map { row($0, &generator) }
            try index.upsert(rows, in: partition)
            naive.upsert(rows, in: partition)
            index.maintain()
        }
        try upsert(0..<2_000)
        let trained = try coarse(index)
        #expect(trained.calibration.rows == 2_000)
        // Less than half replaced, then more.
        try upsert(0..<900)
        #expect(try coarse(index).calibration.points == trained.calibration.points)
        try upsert(500..<800)
        let churned = try coarse(index)
        #expect(churned.components === trained.components)
        #expect(churned.calibration.rows == 2_000)
        #expect(churned.calibration.points != trained.calibration.points)
        #expect(try recall(.recall(0.95), naive, &generator) > 0.92)
        // Growth.
        try upsert(2_000..<2_900)
        #expect(try coarse(index).calibration.rows == 2_000)
        try upsert(2_900..<3_100)
        #expect(try coarse(index).calibration.rows == 3_100)
        // Shrinking, in a loaded index too.
        let gone = (0..<800).map(id)
        index.remove(gone, from: partition)
        for id in gone { naive.rows[partition]?[id] = nil }
        index.maintain()
        #expect(try coarse(index).calibration.rows == 3_100)
        let folder = FileManager.default.temporaryDirectory.appending(path: "bunko-calibration-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try index.writeSnapshot(to: folder)
        let loaded = try PartitionedIndex(snapshot: IndexSnapshot(at: folder), configuration: index.configuration)
        for index in [index, loaded] {
            index.remove((800..<1_600).map(id), from: partition)
            index.maintain()
            #expect(try coarse(index).calibration.rows == 1_500)
            try index.checkInvariants()
        }
        #expect(try coarse(index).components === trained.components)
    }
}
