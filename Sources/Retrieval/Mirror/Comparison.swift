import Domain
import Foundation
import Storage
import Synchronization
import VectorIndex

/// What has been found so far while an index is compared with its table, from several tasks.
final class Comparison: Sendable {
    private struct State {
        var report = IndexVerification()
        var suspects: [(id: UUID, partition: UUID)] = []
        var seen: [UUID: Set<UUID>] = [:]
        var samples: [(row: IndexRow, partition: UUID)] = []
        /// Rows that samples were chosen from so far.
        var offered = 0

        /// Keeps each row that is offered with the same chance, by reservoir sampling.
        mutating func offer(_ row: IndexRow, _ partition: UUID, _ most: Int) {
            offered += 1
            if samples.count < most {
                samples.append((row, partition))
            } else {
                let place = Int.random(in: 0..<offered)
                if place < most { samples[place] = (row, partition) }
            }
        }
    }

    /// float32 values of a vector at unit length, scaled in another order.
    private static let tolerance: Float = 1e-5

    private let mostSamples: Int
    private let state = Mutex(State())

    /// - Parameter samples: how many rows at most to tell, by which searches may be compared.
    init(samples: Int) { mostSamples = samples }

    /// Rows that seem to differ, rows by which searches may be compared, and what was counted.
    var outcome: (suspects: [(id: UUID, partition: UUID)], samples: [(row: IndexRow, partition: UUID)], report: IndexVerification) {
        state.withLock { ($0.suspects, $0.samples, $0.report) }
    }

    /// Compares rows of the table with those of the index.
    func compare(_ rows: [MirrorRow], with index: PartitionedIndex) {
        for (partition, members) in Dictionary(grouping: rows, by: \.partition) {
            let held = index.rows(members.map(\.id.rawValue), in: partition)
            let wrong = members.filter { Self.difference($0, held[$0.id.rawValue]) != nil }
            let unsearchable = members.count { !Self.hasDirection($0.embedding) }
            state.withLock { state in
                state.report.table_rows += members.count - unsearchable
                state.report.unsearchable += unsearchable
                state.suspects += wrong.map { ($0.id.rawValue, partition) }
                state.seen[partition, default: []].formUnion(members.lazy.map(\.id.rawValue))
                if let first = held.values.first { state.offer(first, partition, mostSamples) }
            }
        }
    }

    /// Looks for rows of the index that no row of the table has been compared with.
    func findExtra(in index: PartitionedIndex, _ partitions: Set<UUID>?) {
        for partition in index.partitionIDs where partitions?.contains(partition) ?? true {
            let ids = index.ids(in: partition)
            state.withLock { state in
                let seen = state.seen[partition] ?? []
                state.suspects += ids.lazy.filter { !seen.contains($0) }.map { ($0, partition) }
            }
        }
        state.withLock { $0.seen = [:] }
    }

    /// How the index differs in one row; nil when it does not.
    static func difference(_ change: MirrorChange, in index: PartitionedIndex) -> IndexVerification.Kind? {
        let held = index.rows([change.id.rawValue], in: change.partition)[change.id.rawValue]
        guard let row = change.current else { return held == nil ? nil : .extra }
        return difference(row, held)
    }

    private static func difference(_ row: MirrorRow, _ held: IndexRow?) -> IndexVerification.Kind? {
        guard hasDirection(row.embedding) else { return held == nil ? nil : .extra }
        guard let held else { return .missing }
        let length = row.embedding.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let scale = Float(1 / length)
        guard zip(row.embedding, held.vector).allSatisfy({ abs($0 * scale - $1) <= tolerance }) else { return .vector }
        return RowAttributes(row).isSame(as: held.attributes) ? nil : .attributes
    }

    private static func hasDirection(_ vector: [Float]) -> Bool {
        vector.contains { $0 != 0 } && vector.allSatisfy(\.isFinite)
    }
}

extension RowAttributes {
    /// Which of several keywords comes first, and how often, is of no account.
    fileprivate func isSame(as other: RowAttributes) -> Bool {
        numbers == other.numbers && keywords.count == other.keywords.count
            && keywords.allSatisfy { key, texts in
                other.keywords[key].map { Set($0.map { Data($0.utf8) }) == Set(texts.map { Data($0.utf8) }) } ?? false
            }
    }
}
