import CVectorKernels
import Foundation
import Testing

import RowFilters
@testable import VectorIndex

struct SnapshotTests {
    @Test func checksumsMatchKnownVectors() {
        // RFC 3720, B.4, and the check value of the CRC catalogue.
        let known: [([UInt8], UInt32)] = [
            ([], 0), (Array("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), ((0..<32).map { $0 }, 0x46DD_794E),
            ((0..<32).map { 31 - $0 }, 0x113F_DB5C),
        ]
        for (bytes, checksum) in known {
            #expect(bunko_crc32c(0, bytes, bytes.count) == checksum)
            #expect(bunko_crc32c_scalar(0, bytes, bytes.count) == checksum)
        }
    }

    @Test func checksumVariantsAgreeAndContinue() {
        var generator = SplitMix64(seed: 3)
        let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for count in 0..<bytes.count {
            let expected = bunko_crc32c_scalar(0, bytes, count)
            #expect(bunko_crc32c(0, bytes, count) == expected)
            let split = count / 3
            #expect(bunko_crc32c(bunko_crc32c(0, bytes, split), Array(bytes[split...]), count - split) == expected)
        }
    }

    @Test func loadedIndexAnswersAsTheSavedOne() throws {
        let kit = try SnapshotKit(rows: [7, 45, 900])
        try kit.churn()
        #expect(kit.index.statistics.tombstones > 0)
        let label = Data("model-1 position-42".utf8)
        #expect(try kit.index.writeSnapshot(to: kit.folder, label: label) == 1)
        let snapshot = try IndexSnapshot(at: kit.folder)
        #expect(snapshot.label == label)
        #expect(snapshot.dimensions == 8)
        #expect(snapshot.seed == 77)
        #expect(snapshot.generation == 1)
        for verification in [IndexSnapshot.Verification.structure, .full] {
            let loaded = try kit.load(verification)
            try loaded.checkInvariants()
            #expect(try SnapshotKit.answers(loaded) == SnapshotKit.answers(kit.index))
            #expect(loaded.statistics.rows == kit.index.statistics.rows)
            #expect(loaded.statistics.tombstones == kit.index.statistics.tombstones)
            #expect(loaded.statistics.lists == kit.index.statistics.lists)
        }
    }

    /// Rows move, get other slots and other attributes before the snapshot; filters of every kind answer before and after as the oracle says.
    @Test func attributesSurvive() throws {
        let kit = try SnapshotKit(rows: [])
        var generator = SplitMix64(seed: 12)
        var naive = NaiveIndex()
        func churn(_ index: PartitionedIndex, _ counts: [Int]) throws {
            for (partition, count) in zip(SnapshotKit.partitions, counts) {
                let rows = (0..<2 * count).map { _ in kit.row(Int.random(in: 0..<count, using: &generator)) }
                try index.upsert(rows, in: partition)
                naive.upsert(rows, in: partition)
                let gone = (0..<count / 3).map { _ in id(Int.random(in: 0..<count, using: &generator)) }
                index.remove(gone, from: partition)
                for id in gone { naive.rows[partition]?[id] = nil }
            }
            index.maintain()
        }
        var index = kit.index
        for turn in 0..<4 {
            for _ in 0...turn { try churn(index, [15, 50, 400]) }
            try index.writeSnapshot(to: kit.folder)
            let loaded = try kit.load(.full)
            try loaded.checkInvariants()
            for _ in 0..<60 {
                let request = SearchRequest(
                    vector: smoothVector(8, &generator), partitions: SnapshotKit.partitions, filter: randomFilter(&generator),
                    effort: .exact)
                let answer = try loaded.search(request)
                #expect(naive.complaint(about: answer, to: request) == nil)
                #expect(try index.search(request) == answer)
            }
            // The writers of the saved index and of the loaded one go on alike.
            index = loaded
        }
    }

    /// The mapping is read-only: a write to it would end the process.
    @Test func loadedIndexLivesOn() throws {
        let kit = try SnapshotKit()
        try kit.churn()
        try kit.index.writeSnapshot(to: kit.folder)
        let loaded = try kit.load()
        for round in 0..<12 {
            for partition in SnapshotKit.partitions {
                let rows = (round * 13..<round * 13 + 40).map { kit.row($0) }
                try loaded.upsert(rows, in: partition)
                loaded.remove((round * 7..<round * 7 + 20).map(id), from: partition)
            }
            try loaded.checkInvariants()
            if round % 3 == 2 { loaded.maintain() }
            try loaded.checkInvariants()
        }
        try loaded.replacePartition(SnapshotKit.bare, with: [kit.row(1)])
        #expect(loaded.count(in: SnapshotKit.bare) == 1)
        #expect(try loaded.writeSnapshot(to: kit.folder) == 2)
        let again = try kit.load(.full)
        try again.checkInvariants()
        #expect(try SnapshotKit.answers(again) == SnapshotKit.answers(loaded))
    }

    @Test func emptiedAndRefilledPartitions() throws {
        let kit = try SnapshotKit()
        try kit.index.writeSnapshot(to: kit.folder)
        let loaded = try kit.load()
        for partition in SnapshotKit.partitions { loaded.remove((0..<150).map(id), from: partition) }
        try loaded.checkInvariants()
        #expect(loaded.statistics.rows == 0)
        try loaded.writeSnapshot(to: kit.folder)
        #expect(try kit.load().statistics == IndexStatistics())
        try loaded.upsert((0..<90).map { kit.row($0) }, in: SnapshotKit.listed)
        loaded.maintain()
        try loaded.checkInvariants()
    }

    @Test func emptyIndex() throws {
        let kit = try SnapshotKit(rows: [])
        try kit.index.writeSnapshot(to: kit.folder)
        #expect(try kit.load(.full).statistics == IndexStatistics())
    }

    @Test func aNewGenerationReplacesTheOldWhichLoadedIndexesKeep() throws {
        let kit = try SnapshotKit()
        try kit.index.writeSnapshot(to: kit.folder)
        let first = try kit.load()
        let answers = try SnapshotKit.answers(first)
        let opened = try IndexSnapshot(at: kit.folder)
        try kit.churn()
        #expect(try kit.index.writeSnapshot(to: kit.folder) == 2)
        let names = try FileManager.default.contentsOfDirectory(atPath: kit.folder.path).sorted()
        #expect(names == ["generation-2.data", "manifest"])
        #expect(try SnapshotKit.answers(first) == answers)
        let reopened = try PartitionedIndex(snapshot: opened, configuration: kit.configuration, verification: .full)
        #expect(try SnapshotKit.answers(reopened) == answers)
        #expect(try SnapshotKit.answers(kit.load()) == SnapshotKit.answers(kit.index))
    }

    /// A crash may leave a data file that no manifest names, whole or not, and an unfinished manifest.
    @Test func leftoversOfACrash() throws {
        let kit = try SnapshotKit()
        try kit.index.writeSnapshot(to: kit.folder, label: Data([1]))
        try Data("half".utf8).write(to: kit.folder.appending(path: "generation-2.data"))
        try Data("half".utf8).write(to: kit.folder.appending(path: "manifest.unfinished"))
        try Data("mine".utf8).write(to: kit.folder.appending(path: "notes.txt"))
        try Data().write(to: kit.folder.appending(path: "generation-18446744073709551615.data"))
        #expect(try IndexSnapshot(at: kit.folder).generation == 1)
        #expect(try SnapshotKit.answers(kit.load()) == SnapshotKit.answers(kit.index))
        #expect(try kit.index.writeSnapshot(to: kit.folder) == 3)
        #expect(try IndexSnapshot(at: kit.folder).label.isEmpty)
        let names = try FileManager.default.contentsOfDirectory(atPath: kit.folder.path).sorted()
        #expect(names == ["generation-18446744073709551615.data", "generation-3.data", "manifest", "notes.txt"])
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let kit = try SnapshotKit()
        guard case .missing = kit.error() else { return #expect(Bool(false), "there is nothing") }
        #expect(throws: SnapshotError.labelTooLong(count: 65_537)) {
            try kit.index.writeSnapshot(to: kit.folder, label: Data(count: 65_537))
        }
        try kit.index.writeSnapshot(to: kit.folder, label: Data(count: 65_536))
        #expect(try IndexSnapshot(at: kit.folder).label.count == 65_536)
        var configuration = kit.configuration
        configuration.seed = 78
        let snapshot = try IndexSnapshot(at: kit.folder)
        #expect(throws: SnapshotError.self) { try PartitionedIndex(snapshot: snapshot, configuration: configuration) }
        configuration = kit.configuration
        configuration.dimensions = 9
        #expect(throws: SnapshotError.self) { try PartitionedIndex(snapshot: snapshot, configuration: configuration) }
        #expect(throws: SnapshotError.self) { try kit.index.writeSnapshot(to: URL(fileURLWithPath: "/proc/nowhere")) }
        try FileManager.default.removeItem(at: kit.data)
        guard case .damaged(_, 24, _) = kit.error() else { return #expect(Bool(false), "the data file is gone") }
    }

    @Test func snapshotsAreTakenWhileWritersAndSearchesGoOn() async throws {
        let kit = try SnapshotKit(rows: [7, 45, 300])
        let (index, folder, configuration) = (kit.index, kit.folder, kit.configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var generator = SplitMix64(seed: 21)
                for round in 0..<60 {
                    let rows = (0..<25).map { _ in
                        IndexRow(id: id(Int.random(in: 0..<500, using: &generator)), vector: smoothVector(8, &generator))
                    }
                    try index.upsert(rows, in: SnapshotKit.trained)
                    index.remove((0..<15).map { _ in id(Int.random(in: 0..<500, using: &generator)) }, from: SnapshotKit.listed)
                    try index.upsert(rows, in: SnapshotKit.listed)
                    if round % 20 == 10 { index.maintain() }
                }
            }
            group.addTask { for _ in 0..<5 { _ = try SnapshotKit.answers(index) } }
            group.addTask {
                for _ in 0..<12 {
                    try index.writeSnapshot(to: folder)
                    let loaded = try PartitionedIndex(
                        snapshot: IndexSnapshot(at: folder), configuration: configuration, verification: .full)
                    try loaded.checkInvariants()
                }
            }
            try await group.waitForAll()
        }
    }
}
