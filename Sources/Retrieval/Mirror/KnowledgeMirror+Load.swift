import Domain
import Foundation
import LexicalIndex
import Storage
import VectorIndex

extension KnowledgeMirror {
    /// Rows that are read before they are put into the index together: as many as the index prepares without other writers waiting.
    private static let batchSize = PartitionedIndex.bulkRows

    /// Registers this replica and gives it an index to follow with: that of its snapshot, or one of every row.
    func begin() async throws {
        let start = ContinuousClock.now
        // Remembered before the database knows the new name: whatever happens meanwhile, one of the names is the one it knows.
        let former = try await offPool { [shelf, logger, replica] in
            let names = (shelf?.names(logger) ?? []).filter { $0 != replica } + [replica]
            shelf?.remember(names, logger)
            return names
        }
        let hasBegun = state.withLock(\.mustLoad) ? false : try await beginWithSnapshot(replacing: former, start)
        if !hasBegun { try await load(replacing: former, start) }
        try await offPool { [shelf, logger, replica] in shelf?.remember([replica], logger) }
    }

    /// - Returns: false when there is no snapshot of this database's past.
    private func beginWithSnapshot(replacing former: [ReplicaID], _ start: ContinuousClock.Instant) async throws -> Bool {
        guard let shelf else { return false }
        let indexConfiguration = Self.indexConfiguration(configuration)
        let opened = try await offPool { [logger] in
            shelf.snapshot(dimensions: indexConfiguration.dimensions, seed: indexConfiguration.seed, logger)
        }
        guard let (snapshot, kept) = opened else { return false }
        let indexes: MirroredIndexes
        do {
            indexes = try await offPool {
                MirroredIndexes(
                    vectors: try PartitionedIndex(snapshot: snapshot, configuration: indexConfiguration, verification: .structure),
                    words: try shelf.words(of: kept), model: kept.model)
            }
        } catch {
            logger.warning("the index's snapshot cannot be used and every row is read anew", metadata: ["error": "\(error)"])
            return false
        }
        let isKnown = try await database.write(scope) {
            try await $0.registerReplica(replica, host: ProcessInfo.processInfo.hostName, replacing: former, with: kept)
        }
        guard isKnown else {
            logger.notice("the database does not know what came after the index's snapshot, and every row is read anew")
            return false
        }
        state.withLock { state in
            state.indexes = indexes
            state.origin = .snapshot
            state.database = kept.database
            state.position = kept.position
            state.unkept = 0
        }
        logger.info(
            "index loaded from its snapshot",
            metadata: [
                "rows": "\(indexes.vectors.statistics.rows)", "milliseconds": "\((ContinuousClock.now - start).wholeMilliseconds)",
            ])
        return true
    }

    /// Reads every row into a fresh index, which takes the place of the one there was.
    private func load(replacing former: [ReplicaID], _ start: ContinuousClock.Instant) async throws {
        // Registered first: whatever is removed from the outbox from here on was committed before the rows are read.
        let identity = try await database.write(scope) { transaction in
            _ = try await transaction.registerReplica(replica, host: ProcessInfo.processInfo.hostName, replacing: former)
            return try await transaction.databaseIdentity()
        }
        let indexes = Self.emptyIndexes(configuration)
        let fresh = indexes.vectors
        state.withLock { state in
            // The one there was, which is no longer asked, gives its memory back first.
            state.indexes = indexes
            state.database = identity
            state.refused = 0
        }
        // Batches of different connections side by side.
        let insertion = DispatchQueue(label: "bunko.mirror.load", attributes: .concurrent)
        let (position, model) = try await fresh.deferringMaintenance {
            try await database.copyMirrorRows(
                scope, connections: configuration.connections, batchSize: Self.batchSize,
                total: { expected in self.report(loaded: 0, expected: expected) }
            ) { rows in
                try await self.offPool(on: insertion) {
                    try self.insert(rows, into: indexes)
                    fresh.keepBudget()
                }
                self.report(loaded: rows.count)
            }
        }
        // Following begins with what the database has registered.
        try await database.write(scope) { try await $0.advanceReplica(replica, to: position) }
        state.withLock { state in
            state.origin = .database
            state.indexes.model = model
            state.position = position
            state.unkept = fresh.statistics.rows
        }
        logger.info(
            "index loaded",
            metadata: [
                "rows": "\(fresh.statistics.rows)", "milliseconds": "\((ContinuousClock.now - start).wholeMilliseconds)",
            ])
    }

    private func insert(_ rows: [MirrorRow], into indexes: MirroredIndexes) throws {
        for (partition, members) in Dictionary(grouping: rows, by: \.partition) {
            try upsert(members, in: partition, of: indexes)
        }
    }

    /// Puts rows into both indexes.
    func upsert(_ rows: [MirrorRow], in partition: UUID, of indexes: MirroredIndexes) throws {
        indexes.words.upsert(rows.map(LexicalDocument.init), in: partition)
        try upsert(rows.map(IndexRow.init), in: partition, of: indexes.vectors)
    }

    /// Puts rows into the index of vectors, but for those whose vector has no direction.
    private func upsert(_ rows: [IndexRow], in partition: UUID, of index: PartitionedIndex) throws {
        do {
            try index.upsert(rows, in: partition)
        } catch let problem where rows.count == 1 {
            logger.warning("a passage's vector cannot be searched", metadata: ["passage": "\(rows[0].id)", "problem": "\(problem)"])
            state.withLock { $0.refused += 1 }
            // What it was before is not what it is now.
            index.remove([rows[0].id], from: partition)
        } catch {
            for row in rows { try upsert([row], in: partition, of: index) }
        }
    }

    private func report(loaded rows: Int, expected: Int? = nil) {
        state.withLock { state in
            guard state.phase != .following else { return }
            guard case .loading(let loaded, let before) = state.phase else { return }
            state.phase = .loading(rows: expected == nil ? loaded + rows : 0, expected: expected ?? before)
        }
    }
}
