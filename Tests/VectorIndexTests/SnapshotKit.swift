import Foundation
import Testing

@testable import VectorIndex

/// A small index that has all three structures, and a folder of its own for its snapshots.
final class SnapshotKit {
    static let bare = id(9_000_001)
    static let listed = id(9_000_002)
    static let trained = id(9_000_003)
    static let partitions = [bare, listed, trained]

    let configuration: IndexConfiguration
    let index: PartitionedIndex
    let folder: URL
    var generator = SplitMix64(seed: 5)

    init(dimensions: Int = 8, rows: [Int] = [7, 45, 150]) throws {
        var configuration = IndexConfiguration(dimensions: dimensions)
        configuration.exhaustiveRows = 20
        configuration.singleListRows = 60
        configuration.maintainsItself = false
        configuration.seed = 77
        self.configuration = configuration
        index = PartitionedIndex(configuration: configuration)
        folder = FileManager.default.temporaryDirectory.appending(path: "bunko-snapshot-\(UUID())")
        for (partition, count) in zip(Self.partitions, rows) {
            // One partition of which no row ever had attributes.
            let rows = (0..<count).map { row($0) }
            try index.upsert(partition == Self.bare ? rows.map { IndexRow(id: $0.id, vector: $0.vector) } : rows, in: partition)
        }
        index.maintain()
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    var manifest: URL { folder.appending(path: "manifest") }
    var data: URL { folder.appending(path: "generation-1.data") }

    func row(_ number: Int) -> IndexRow {
        IndexRow(
            id: id(number), vector: smoothVector(configuration.dimensions, &generator),
            attributes: randomAttributes(&generator))
    }

    /// Leaves dead rows, dead codes and a chunk that is not full.
    func churn(_ rows: Range<Int> = 20..<60) throws {
        for partition in Self.partitions {
            index.remove(rows.filter { $0 % 3 == 0 }.map(id), from: partition)
            try index.upsert(rows.filter { $0 % 4 == 1 }.map { row($0) }, in: partition)
        }
    }

    func load(_ verification: IndexSnapshot.Verification = .structure) throws -> PartitionedIndex {
        try PartitionedIndex(snapshot: IndexSnapshot(at: folder), configuration: configuration, verification: verification)
    }

    func error(_ verification: IndexSnapshot.Verification = .full) -> SnapshotError? {
        do {
            _ = try load(verification)
            return nil
        } catch {
            return error as? SnapshotError
        }
    }

    /// Answers to questions of every kind; the same for every index of the same rows.
    static func answers(_ index: PartitionedIndex) throws -> [SearchResponse] {
        var generator = SplitMix64(seed: 11)
        var answers: [SearchResponse] = []
        for round in 0..<6 {
            let vector = smoothVector(index.configuration.dimensions, &generator)
            let allowed = Set((0..<400).filter { ($0 + round) % 3 != 0 }.map(id))
            let filter = randomFilter(&generator)
            for effort in [SearchEffort.exact, .standard, .recall(0.8), .probes(2, epsilon: 1)] {
                for (allowed, filter) in [(nil, nil), (allowed, nil), (nil, filter), (allowed, filter)] {
                    for scope in [partitions, [partitions[2]]] {
                        answers.append(
                            try index.search(
                                SearchRequest(
                                    vector: vector, partitions: scope, k: 3, allowed: allowed, filter: filter, effort: effort)))
                    }
                }
            }
        }
        return answers
    }

    /// Changes the bytes of a file in place.
    static func overwrite(_ file: URL, at offset: Int, with bytes: [UInt8]) throws {
        let handle = try FileHandle(forUpdating: file)
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: bytes)
        try handle.close()
    }
}
