import Foundation
import Synchronization
import Testing

import RowFilters
@testable import VectorIndex

/// An index under a budget: its vectors lie in a file, and it answers as before.
@Suite struct MemoryTests {
    private static let dimensions = 64
    private let folder = FileManager.default.temporaryDirectory.appending(path: "bunko-memory-\(UUID())")

    private func makeIndex(_ bytes: Int?, folder: URL? = nil) -> PartitionedIndex {
        var configuration = IndexConfiguration(dimensions: Self.dimensions)
        configuration.exhaustiveRows = 100
        configuration.singleListRows = 700
        configuration.maintainsItself = false
        configuration.memory = bytes.map { MemoryBudget(bytes: $0, folder: folder ?? self.folder) }
        return PartitionedIndex(configuration: configuration)
    }

    private func rows(_ range: Range<Int>, _ seed: UInt64) -> [IndexRow] {
        var generator = SplitMix64(seed: seed)
        return range.map {
            IndexRow(
                id: id($0), vector: smoothVector(Self.dimensions, &generator),
                attributes: RowAttributes(keywords: ["parity": ["\($0 % 2)"]]))
        }
    }

    /// Partitions of rows, of one list, and of many.
    private static let sizes = [80, 600, 1_000]
    private static let partitions = sizes.indices.map { id(5_000_000 + $0) }

    private func fill(_ index: PartitionedIndex) throws {
        for (number, size) in Self.sizes.enumerated() {
            try index.upsert(rows(0..<size, UInt64(number)), in: Self.partitions[number])
        }
        index.maintain()
    }

    @Test func `What lies in a file is found as in memory, and written to as well`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (free, bound) = (makeIndex(nil), makeIndex(1))
        for index in [free, bound] { try fill(index) }
        let memory = bound.memory
        #expect(memory.evictedPartitions == 3 && memory.inFiles == Self.sizes.reduce(0, +) * Self.dimensions * 4 && memory.problem == nil)
        #expect(free.memory.inFiles == 0 && free.memory.evictedPartitions == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty, "the file has no name")
        func compare() throws {
            var generator = SplitMix64(seed: 9)
            for effort in [SearchEffort.standard, .recall(0.99), .exact, .flat(probes: 4)] {
                for filter in [nil, RowFilter.compare(.equal, key: "parity", value: .text("1"))] {
                    let request = SearchRequest(
                        vector: smoothVector(Self.dimensions, &generator), partitions: Self.partitions, k: 20, filter: filter,
                        effort: effort)
                    let (expected, found) = (try free.search(request), try bound.search(request))
                    #expect(found.hits == expected.hits && expected.hits.count == 20)
                }
            }
            try bound.checkInvariants()
        }
        try compare()
        #expect(bound.memory.evictedPartitions < 3, "searches read")
        for index in [free, bound] {
            for (number, partition) in Self.partitions.enumerated() {
                index.remove((0..<40).map { id($0) }, from: partition)
                try index.upsert(rows(60..<200, UInt64(20 + number)), in: partition)
            }
        }
        try compare()
        for index in [free, bound] { index.maintain() }
        try compare()
        #expect(bound.rows([id(70)], in: Self.partitions[0])[id(70)]?.vector == free.rows([id(70)], in: Self.partitions[0])[id(70)]?.vector)
    }

    @Test func `Those searched least recently go first, and only as many as must`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let partitions = (0..<4).map { id(6_000_000 + $0) }
        // Under 100 rows there are no codes: vectors are most of what a partition takes.
        func fill(_ index: PartitionedIndex, _ some: ArraySlice<UUID>) throws {
            for partition in some { try index.upsert(rows(0..<96, 1), in: partition) }
        }
        let free = makeIndex(nil)
        try fill(free, partitions[...])
        let index = makeIndex(free.memory.resident - 1)
        try fill(index, partitions[..<3])
        index.maintain()
        #expect(index.memory.inFiles == 0)
        func search(_ partition: UUID) throws {
            _ = try index.search(SearchRequest(vector: rows(0..<1, 2)[0].vector, partitions: [partition]))
            // The order of searches is told by a clock that moves every few milliseconds: without this all would be as old.
            Thread.sleep(forTimeInterval: 0.02)
        }
        for partition in [partitions[1], partitions[0], partitions[2]] { try search(partition) }
        try fill(index, partitions[3...])
        try search(partitions[3])
        index.keepBudget()
        let inFiles = partitions.map { index.existing($0)?.footprint.inFiles ?? 0 }
        #expect(inFiles == [0, 96 * Self.dimensions * 4, 0, 0])
        let memory = index.memory
        #expect(memory.resident < free.memory.resident && memory.evictedPartitions == 1)
    }

    @Test func `A snapshot of what lies in a file is a snapshot, and what it loads keeps to the budget`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (free, bound) = (makeIndex(nil), makeIndex(1))
        for index in [free, bound] { try fill(index) }
        let snapshots = folder.appending(path: "snapshot")
        try bound.writeSnapshot(to: snapshots)
        let loaded = try PartitionedIndex(snapshot: IndexSnapshot(at: snapshots), configuration: bound.configuration, verification: .full)
        try loaded.checkInvariants()
        let request = SearchRequest(vector: rows(0..<1, 2)[0].vector, partitions: Self.partitions, k: 10, effort: .exact)
        #expect(try loaded.search(request).hits == (try free.search(request)).hits)
        #expect(loaded.memory.evictedPartitions == 0)
        loaded.keepBudget()
        #expect(loaded.memory.evictedPartitions == 3)
        #expect(try loaded.search(request).hits == (try free.search(request)).hits)
    }

    @Test func `A partition that is written to and evicted in turn uses few chunks`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let index = makeIndex(1)
        try index.upsert(rows(0..<80, 1), in: Self.partitions[0])
        for number in 80..<400 {
            try index.upsert(rows(number..<number + 1, UInt64(number)), in: Self.partitions[0])
            index.keepBudget()
        }
        let table = try #require(index.existing(Self.partitions[0])).view.withLock { $0.table }
        #expect(table.chunks.count < 20 && table.bytesInFiles > 0)
        try index.checkInvariants()
    }

    @Test func `What is removed gives its room on the disk back`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let index = makeIndex(1)
        try fill(index)
        let memory = index.memory
        #expect(memory.onDisk >= memory.inFiles && memory.onDisk < 2 * memory.inFiles)
        for partition in Self.partitions { index.removePartition(partition) }
        #expect(index.memory.onDisk == 0 && index.memory.inFiles == 0)
    }

    @Test func `What cannot leave stays, and says why`() throws {
        try Data().write(to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        let index = makeIndex(1, folder: folder.appending(path: "below a file"))
        try fill(index)
        guard case .system(_, _, ENOTDIR)? = index.memory.problem else {
            Issue.record("\(String(describing: index.memory.problem))")
            return
        }
        #expect(index.memory.inFiles == 0 && index.statistics.rows == Self.sizes.reduce(0, +))
        try FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try index.upsert(rows(0..<1, 1), in: Self.partitions[0])
        index.keepBudget()
        #expect(index.memory.problem == nil && index.memory.inFiles > 0)
    }

    @Test func `Searches and writers go on while vectors leave and come back`() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let index = makeIndex(1)
        try fill(index)
        let partition = Self.partitions[1]
        let stop = Atomic(false)
        let problems = Mutex<[String]>([])
        let group = DispatchGroup()
        let bodies: [@Sendable () throws -> Void] = [
            { while !stop.load(ordering: .relaxed) { index.keepBudget() } },
            {
                for turn in 0..<30 {
                    try index.upsert((2_000..<2_200).map { IndexRow(id: id($0), vector: Self.axis(turn)) }, in: partition)
                    if turn % 3 == 2 { index.remove((2_000..<2_200).map { id($0) }, from: partition) }
                }
                stop.store(true, ordering: .relaxed)
            },
            {
                var generator = SplitMix64(seed: 4)
                while !stop.load(ordering: .relaxed) {
                    let query = smoothVector(Self.dimensions, &generator)
                    let hits = try index.search(SearchRequest(vector: query, partitions: [partition], k: 3_000, effort: .exact)).hits
                    let fixed = Set(hits.map(\.id)).intersection((0..<600).map { id($0) })
                    if fixed.count != 600 { problems.withLock { $0.append("\(fixed.count) rows") } }
                }
            },
        ]
        for body in bodies {
            group.enter()
            Thread {
                do { try body() } catch { problems.withLock { $0.append("\(error)") } }
                stop.store(true, ordering: .relaxed)
                group.leave()
            }.start()
        }
        group.wait()
        #expect(problems.withLock { $0 }.isEmpty)
        try index.checkInvariants()
    }

    private static func axis(_ number: Int) -> [Float] {
        (0..<dimensions).map { $0 == number % dimensions ? 1 : 0 }
    }
}
