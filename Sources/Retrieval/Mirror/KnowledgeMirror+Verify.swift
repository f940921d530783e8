public import Domain
import Foundation
import Storage
import Synchronization
import VectorIndex

extension KnowledgeMirror {
    private static let batchSize = 500
    private static let mostExamples = 100
    /// Rows whose neighbours are compared with the database's, and the largest partition in which it looks for them itself.
    private static let comparedRows = 20
    private static let mostRowsByDatabase = 20_000
    private static let neighbours = 10

    /// Compares every row of the table with the index, and every row of the index with the table, while both change.
    ///
    /// What differs at first is looked at again while the follower waits, in a transaction whose view the index has: only what still differs
    /// is a difference. Reads all rows as a first load does.
    /// - Parameters:
    ///   - assistant: whose rows, and those of its conversations; nil for all.
    ///   - repair: puts into the index what the table says.
    /// - Throws: `unavailable` while the index loads.
    public func verify(_ assistant: AssistantID? = nil, repair: Bool) async throws -> IndexVerification {
        guard phase == .following else { throw Self.stillLoading }
        let start = ContinuousClock.now
        let indexes = indexes
        let comparison = Comparison(samples: Self.comparedRows)
        _ = try await database.copyMirrorRows(
            scope, of: assistant, connections: configuration.connections, batchSize: Self.batchSize, total: { _ in }
        ) { rows in
            try await self.offPool(on: .global(qos: .utility)) { comparison.compare(rows, with: indexes) }
        }
        var partitions: Set<UUID>?
        if let assistant { partitions = try await database.read(scope) { try await $0.mirrorPartitions(of: assistant) } }
        try await offPool(on: .global(qos: .utility)) { [partitions] in comparison.findExtra(in: indexes, partitions) }
        let (suspects, samples, counted) = comparison.outcome
        var report = counted
        let settled = try await settling {
            try await self.step { transaction in
                var report = report
                for first in stride(from: 0, to: suspects.count, by: Self.batchSize) {
                    let some = suspects[first..<min(suspects.count, first + Self.batchSize)].map {
                        (id: ChunkID(rawValue: $0.id), partition: $0.partition)
                    }
                    let changes = try await transaction.mirrorRows(some)
                    let indexes = self.indexes
                    let differing = try await offPool {
                        Dictionary(grouping: changes, by: \.partition).flatMap { partition, changes in
                            let kinds = Comparison.differences(changes, in: indexes, partition)
                            return changes.compactMap { change in kinds[change.id.rawValue].map { (kind: $0, change: change) } }
                        }
                    }
                    for (kind, change) in differing {
                        report.differing[kind.rawValue, default: 0] += 1
                        guard report.examples.count < Self.mostExamples else { continue }
                        report.examples.append(.init(kind: kind, id: change.id.rawValue, partition: change.partition))
                    }
                    if repair {
                        let wrong = differing.map(\.change)
                        try await offPool { try self.apply(wrong, to: indexes) }
                        report.repaired += wrong.count
                        // The snapshot on disk has them wrong, too.
                        state.withLock { $0.unkept += wrong.count }
                    }
                }
                return report
            }
        }
        // Track was lost meanwhile: nothing is known of what seemed to differ.
        guard let settled else { throw Self.stillLoading }
        report = settled
        try await compareNeighbours(samples, &report)
        report.index_rows = self.index.statistics.rows
        report.partitions = self.index.partitionIDs.count
        report.seconds = (ContinuousClock.now - start) / .seconds(1)
        return report
    }

    /// Runs the body with the turn; a track that was lost means that the index loads.
    private func settling<R>(_ body: () async throws -> R) async throws -> R {
        do {
            return try await turn.take { try await body() }
        } catch is LostTrack {
            throw Self.stillLoading
        }
    }

    private static let stillLoading = Problem(
        .unavailable, code: "index_loading", "The index is still loading.",
        remedy: "Try again in a moment; /readyz tells how far it is.")

    private func compareNeighbours(_ samples: [(row: IndexRow, partition: UUID)], _ report: inout IndexVerification) async throws {
        var found = 0
        var wanted = 0
        for (row, partition) in samples {
            let scores = try await nearestScores(to: row, partition)
            guard let worst = scores.last else { continue }
            let index = index
            let hits = try await offPool(on: .global(qos: .utility)) {
                try index.search(SearchRequest(vector: row.vector, partitions: [partition], k: Self.neighbours + 1)).hits
            }
            wanted += scores.count
            // A row as near as the last counts, whichever of them was found.
            found += min(scores.count, hits.count { $0.id != row.id && $0.score >= worst - 1e-5 })
            report.compared += 1
        }
        if wanted > 0 { report.recall = Double(found) / Double(wanted) }
    }

    /// The cosines of the rows nearest to one, itself left out: by the database, or, where that would read very much, by the index's exact
    /// search, whose vectors have just been compared with the table's. None where that would put the rest out of memory.
    private func nearestScores(to row: IndexRow, _ partition: UUID) async throws -> [Float] {
        guard index.count(in: partition) > Self.mostRowsByDatabase else {
            let id = ChunkID(rawValue: row.id)
            return try await database.read(scope) { try await $0.nearestRows(to: id, partition: partition, k: Self.neighbours) }.map(
                \.score)
        }
        let index = index
        guard !index.wouldCrowdOut(searching: [partition]) else { return [] }
        return try await offPool(on: .global(qos: .utility)) {
            let request = SearchRequest(vector: row.vector, partitions: [partition], k: Self.neighbours + 1, effort: .exact)
            return try index.search(request).hits.filter { $0.id != row.id }.prefix(Self.neighbours).map(\.score)
        }
    }
}
