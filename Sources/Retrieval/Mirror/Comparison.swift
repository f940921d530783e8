import Domain
import Foundation
import LexicalIndex
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

    private let mostSamples: Int
    private let state = Mutex(State())

    /// - Parameter samples: how many rows at most to tell, by which searches may be compared.
    init(samples: Int) { mostSamples = samples }

    /// Rows that seem to differ, rows by which searches may be compared, and what was counted.
    var outcome: (suspects: [(id: UUID, partition: UUID)], samples: [(row: IndexRow, partition: UUID)], report: IndexVerification) {
        state.withLock { ($0.suspects, $0.samples, $0.report) }
    }

    /// Compares rows of the table with those of the indexes.
    func compare(_ rows: [MirrorRow], with indexes: MirroredIndexes) {
        for (partition, members) in Dictionary(grouping: rows, by: \.partition) {
            let wrong = Self.differences(members, in: indexes, partition)
            let searchable = members.filter { PartitionedIndex.hasDirection($0.embedding) }
            state.withLock { state in
                state.report.table_rows += searchable.count
                state.report.unsearchable += members.count - searchable.count
                state.suspects += wrong.map { ($0.key, partition) }
                state.seen[partition, default: []].formUnion(members.lazy.map(\.id.rawValue))
                if let first = searchable.first { state.offer(IndexRow(first), partition, mostSamples) }
            }
        }
    }

    /// Looks for rows of the indexes that no row of the table has been compared with.
    func findExtra(in indexes: MirroredIndexes, _ partitions: Set<UUID>?) {
        for partition in Set(indexes.vectors.partitionIDs).union(indexes.words.partitionIDs)
        where partitions?.contains(partition) ?? true {
            let ids = Set(indexes.vectors.ids(in: partition)).union(indexes.words.ids(in: partition))
            state.withLock { state in
                let seen = state.seen[partition] ?? []
                state.suspects += ids.lazy.filter { !seen.contains($0) }.map { ($0, partition) }
            }
        }
        state.withLock { $0.seen = [:] }
    }

    /// How the indexes differ in the rows of changes of one partition, in which the table says what is current.
    static func differences(_ changes: [MirrorChange], in indexes: MirroredIndexes, _ partition: UUID) -> [UUID: IndexVerification.Kind] {
        var found = differences(changes.compactMap(\.current), in: indexes, partition)
        for change in changes where change.current == nil {
            let id = change.id.rawValue
            if indexes.vectors.contains(id, in: partition) || indexes.words.contains(id, in: partition) { found[id] = .extra }
        }
        return found
    }

    private static func differences(
        _ rows: [MirrorRow], in indexes: MirroredIndexes, _ partition: UUID
    ) -> [UUID: IndexVerification.Kind] {
        var comparable: [IndexRow] = []
        var found: [UUID: IndexVerification.Kind] = [:]
        for row in rows {
            if PartitionedIndex.hasDirection(row.embedding) {
                comparable.append(IndexRow(row))
            } else if indexes.vectors.contains(row.id.rawValue, in: partition) {
                found[row.id.rawValue] = .extra
            }
        }
        for id in indexes.words.differing(rows.map(LexicalDocument.init), in: partition) { found[id] = .words }
        for (id, difference) in indexes.vectors.differences(comparable, in: partition) { found[id] = .init(difference) }
        return found
    }
}

extension IndexVerification.Kind {
    fileprivate init(_ difference: RowDifference) {
        self =
            switch difference {
            case .missing: .missing
            case .vector: .vector
            case .attributes: .attributes
            }
    }
}
