import Foundation
import Testing

import RowFilters
@testable import VectorIndex

/// Snapshots that are not as they were written: an error that says so, or the same answers; never a crash.
struct DamagedSnapshotTests {
    @Test(arguments: 0..<4)
    func everyFlippedByteIsFoundOrDoesNotMatter(part: Int) throws {
        let kit = try SnapshotKit(dimensions: 4, rows: [3, 21, 61])
        try kit.index.writeSnapshot(to: kit.folder)
        let answers = try SnapshotKit.answers(kit.index)
        var unnoticed = 0
        for file in [kit.manifest, kit.data] {
            let bytes = Array(try Data(contentsOf: file))
            for offset in stride(from: part, to: bytes.count, by: 4) {
                // One byte in 16 of what is nothing but padding is enough.
                if offset / 4 % 16 > 0, bytes[max(0, offset - 64)..<min(bytes.count, offset + 64)].allSatisfy({ $0 == 0 }) { continue }
                try SnapshotKit.overwrite(file, at: offset, with: [bytes[offset] ^ 1 << UInt8(offset / 4 % 8)])
                do {
                    let loaded = try kit.load(.full)
                    #expect(file == kit.data && bytes[offset] == 0, "byte \(offset) of \(file.lastPathComponent)")
                    // Padding is nobody's: one look in 64 is enough.
                    if unnoticed % 64 == 0 { #expect(try SnapshotKit.answers(loaded) == answers) }
                    unnoticed += 1
                } catch is SnapshotError {}
                try SnapshotKit.overwrite(file, at: offset, with: [bytes[offset]])
            }
        }
        #expect(kit.error() == nil)
    }

    /// What a start takes as it is: read piece by piece afterwards, and refused for good when it is not what was written.
    @Test(arguments: [nil, 0, 1, 2]) func vectorsAreVerifiedAfterTheStart(damaged: Int?) throws {
        let kit = try SnapshotKit(dimensions: 16, rows: [70, 45, 150])
        try kit.index.writeSnapshot(to: kit.folder)
        if let damaged {
            // Found by its bytes: where the segments lie is the format's business.
            let row = try #require(kit.index.rows([id(0)], in: SnapshotKit.partitions[damaged])[id(0)])
            let vector = row.vector.withUnsafeBytes { Data($0) }
            let bytes = try Data(contentsOf: kit.data)
            let place = try #require(bytes.range(of: vector)).lowerBound
            try SnapshotKit.overwrite(kit.data, at: place + 2, with: [bytes[place + 2] ^ 8])
        }
        let index = try kit.load()
        if damaged == nil {
            var calls = 1
            while try index.verifySnapshot(bytes: 1_000) { calls += 1 }
            #expect(calls >= 265 * 64 / 1_000)
            let more = try index.verifySnapshot()
            #expect(!more)
            let full = try kit.load(.full).verifySnapshot()
            #expect(!full)
        } else {
            for _ in 1...2 {
                #expect(throws: SnapshotError.self) { while try index.verifySnapshot(bytes: 1_000) {} }
            }
        }
    }

    @Test func everyTruncationIsFound() throws {
        let kit = try SnapshotKit(dimensions: 4, rows: [3, 21, 61])
        try kit.index.writeSnapshot(to: kit.folder)
        for (file, step) in [(kit.manifest, 1), (kit.data, 7)] {
            let bytes = try Data(contentsOf: file)
            for count in stride(from: 0, to: bytes.count, by: step) {
                try bytes.prefix(count).write(to: file)
                #expect(kit.error(.structure) != nil, "\(count) bytes of \(file.lastPathComponent)")
            }
            try (bytes + [0]).write(to: file)
            #expect(kit.error(.structure) != nil)
            try bytes.write(to: file)
        }
        #expect(kit.error() == nil)
    }

    @Test func otherVersionsAndByteOrdersAreToldApart() throws {
        let kit = try SnapshotKit()
        try kit.index.writeSnapshot(to: kit.folder)
        for version in [1, 3] as [UInt8] {
            try SnapshotKit.overwrite(kit.manifest, at: 8, with: [version])
            guard case .unsupported(_, let reason) = kit.error() else { return #expect(Bool(false), "version \(version)") }
            #expect(reason.contains("version \(version)"))
        }
        try SnapshotKit.overwrite(kit.manifest, at: 8, with: [0, 0, 0, 1, 1, 2, 3, 4])
        guard case .unsupported(_, let reason) = kit.error() else { return #expect(Bool(false), "other byte order") }
        #expect(reason.contains("byte order"))
    }

    /// Behind good checksums anything may stand: all over the manifest stand values that would overflow or lead astray.
    @Test(arguments: [0, 1, 2, 0x7F, 0xFF, 0x80] as [UInt8])
    func hostileManifests(value: UInt8) throws {
        let kit = try SnapshotKit(dimensions: 4, rows: [3, 21, 61])
        try kit.churn(2..<15)
        try kit.index.writeSnapshot(to: kit.folder)
        let manifest = Array(try Data(contentsOf: kit.manifest)), data = Array(try Data(contentsOf: kit.data))
        for offset in stride(from: Int(value) % 3, to: manifest.count - 4, by: 3) {
            for width in [1, 8] where offset + width <= manifest.count {
                var hostile = manifest
                for byte in offset..<offset + width { hostile[byte] = value }
                try exercise(hostile, data, kit.configuration)
            }
        }
    }

    /// The same for the data: slots, counts and factors that were never written.
    @Test(arguments: [0, 0x7F, 0xFF, 0x80] as [UInt8])
    func hostileData(value: UInt8) throws {
        let kit = try SnapshotKit(dimensions: 4, rows: [3, 21, 61])
        try kit.index.writeSnapshot(to: kit.folder)
        let manifest = Array(try Data(contentsOf: kit.manifest)), data = Array(try Data(contentsOf: kit.data))
        for offset in stride(from: 0, to: data.count, by: 4) where data[offset..<min(offset + 4, data.count)].contains(where: { $0 != 0 }) {
            var hostile = data
            for byte in offset..<min(offset + 4, data.count) { hostile[byte] = value }
            try exercise(manifest, hostile, kit.configuration)
        }
    }

    private func exercise(_ manifest: [UInt8], _ data: [UInt8], _ configuration: IndexConfiguration) throws {
        do {
            let snapshot = try IndexSnapshot(
                path: "manifest", manifest: MappedBytes(copying: manifest), dataPath: "data", data: MappedBytes(copying: data),
                verifiesChecksums: false)
            let loaded = try PartitionedIndex(snapshot: snapshot, configuration: configuration)
            let vector: [Float] = [1, -1, 0.5, 2]
            for effort in [SearchEffort.exact, .standard, .probes(1000, epsilon: 1)] {
                for filter in [
                    nil, RowFilter.compare(.greater, key: "tags", value: .text("")), .compare(.less, key: "year", value: .number(1)),
                ] {
                    _ = try loaded.search(
                        SearchRequest(vector: vector, partitions: SnapshotKit.partitions, k: 3, filter: filter, effort: effort))
                }
            }
            try loaded.upsert([IndexRow(id: id(1), vector: vector)], in: SnapshotKit.trained)
            loaded.remove([id(2), id(3)], from: SnapshotKit.trained)
        } catch is SnapshotError {}
    }
}
