import Foundation

import RowFilters
@testable import VectorIndex

/// Feeds snapshots to the loader, and uses what it accepts. The bytes lie in memory of exactly their size.
///
/// An input is: flags 1 byte, length of the manifest 2 bytes, the manifest, the data file. Checksums are ignored, so that what lies behind
/// them is reached.
struct SnapshotTarget: FuzzTarget {
    let words: [String] = []

    private static let dimensions = 4
    private static let partitions = (0..<3).map { UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8($0))) }

    private static var configuration: IndexConfiguration {
        var configuration = IndexConfiguration(dimensions: dimensions)
        configuration.exhaustiveRows = 20
        configuration.singleListRows = 60
        configuration.maintainsItself = false
        return configuration
    }

    init() {
        BLASRuntime.useOneThread()
    }

    func run(_ input: [UInt8]) {
        guard input.count >= 3 else { return }
        let flags = input[0]
        let manifestCount = min(Int(input[1]) | Int(input[2]) << 8, input.count - 3)
        let manifest = Array(input[3..<3 + manifestCount])
        let data = Array(input[(3 + manifestCount)...])
        do {
            let snapshot = try IndexSnapshot(
                path: "manifest", manifest: MappedBytes(copying: manifest), dataPath: "data", data: MappedBytes(copying: data),
                verifiesChecksums: flags & 1 == 1)
            let isFull = flags & 2 == 2
            let index = try PartitionedIndex(
                snapshot: snapshot, configuration: Self.configuration, verification: isFull ? .full : .structure)
            try Self.use(index, trains: isFull && flags & 4 == 4)
        } catch {}
    }

    private static func use(_ index: PartitionedIndex, trains: Bool) throws {
        let vector: [Float] = [1, -1, 0.5, 2]
        let allowed = Set((0..<40).map(id))
        for effort in [SearchEffort.exact, .standard, .probes(1000, epsilon: 1)] {
            for (allowed, filter) in [(nil, nil), (allowed, nil), (nil, RowFilter.any(filters)), (nil, .all(filters))] {
                _ = try index.search(
                    SearchRequest(
                        vector: vector, partitions: Array(index.all.keys), k: 3, allowed: allowed, filter: filter, effort: effort))
            }
        }
        try? index.checkInvariants()
        for partition in index.all.keys {
            try index.upsert(allowed.prefix(5).map { IndexRow(id: $0, vector: vector, attributes: attributes(5)) }, in: partition)
            index.remove(allowed, from: partition)
        }
        if trains { index.maintain() }
        _ = try index.search(SearchRequest(vector: vector, partitions: Array(index.all.keys), k: 3))
    }

    /// Filters over `attributes` that look at words and numbers in every way. Made anew each time: a stored one looks like a leak.
    private static var filters: [RowFilter] {
        [
            .compare(.notEqual, key: "tags", value: .text("even")), .compare(.greater, key: "tags", value: .text("a")),
            .oneOf(key: "year", values: [.number(2), .text("even")], negated: false),
            .compare(.lessOrEqual, key: "year", value: .number(3)),
        ]
    }

    /// Attributes of a row; every fifth row has none.
    private static func attributes(_ row: Int) -> RowAttributes {
        guard row % 5 != 4 else { return RowAttributes() }
        return RowAttributes(
            keywords: ["tags": [row % 2 == 0 ? "even" : "odd", "row \(row)"]], numbers: row % 3 == 0 ? [:] : ["year": Double(row % 7)])
    }

    private static func id(_ number: Int) -> UUID {
        UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, UInt8(number)))
    }

    private static func vector(_ row: Int) -> [Float] {
        (0..<dimensions).map { position in
            let number = row * 7 + position * 5 + row * row * position
            return Float(number % 13) - 6.5
        }
    }

    func seeds() throws -> [[UInt8]] {
        var seeds: [[UInt8]] = []
        for (number, rows) in [[2, 0, 0], [0, 21, 0], [0, 0, 62], [9, 0, 0], [3, 21, 70]].enumerated() {
            let index = PartitionedIndex(configuration: Self.configuration)
            for (partition, count) in zip(Self.partitions, rows) {
                let rows = (0..<count).map { row in
                    IndexRow(id: Self.id(row), vector: Self.vector(row), attributes: number < 3 ? RowAttributes() : Self.attributes(row))
                }
                try index.upsert(rows, in: partition)
            }
            index.maintain()
            if number == 4 { index.remove((4..<8).map(Self.id), from: Self.partitions[2]) }
            let temporary = FileManager.default.temporaryDirectory.appending(path: "bunko-fuzz-\(UUID().uuidString)")
            try index.writeSnapshot(to: temporary, label: Data([1, 2]))
            let manifest = try Data(contentsOf: temporary.appending(path: "manifest"))
            let data = try Data(contentsOf: temporary.appending(path: "generation-1.data"))
            try FileManager.default.removeItem(at: temporary)
            for flags in [0, 2, 6] as [UInt8] {
                let header = Data([flags, UInt8(manifest.count & 255), UInt8(manifest.count >> 8)])
                seeds.append([UInt8](header + manifest + data))
            }
        }
        return seeds
    }
}
