import Domain
import Foundation
import LexicalIndex
import Storage
import VectorIndex

extension KnowledgeMirror {
    /// Changes that are put into the index together.
    private static let batchSize = 500

    /// Applies what the outbox brings; ends by throwing when the database goes away.
    func follow() async throws {
        try await turn.take { try await resume() }
        defer { state.withLock { $0.isResumed = false } }
        try await database.session(scope) { connection in
            let notifications = try await connection.notifications(on: ["bunko_knowledge"])
            let work = wakes.values()
            try await withThrowingTaskGroup(of: Void.self) { group in
                // A task for each thing that is waited for. The notifications end with their connection, and then everything must.
                group.addTask {
                    for try await _ in notifications { self.wakes.send(()) }
                    throw Problem(.unavailable, code: "listen_ended", "The database ended the index's notifications.")
                }
                group.addTask {
                    while true {
                        self.wakes.send(())
                        // A slow look besides: a notification may be lost with a connection that breaks unnoticed.
                        try await Task.sleep(for: self.configuration.pollInterval)
                    }
                }
                // Applies; while it does, further wakes become one.
                group.addTask {
                    for await _ in work { try await self.catchUp() }
                }
                group.addTask { try await self.lookAfter() }
                if shelf != nil { group.addTask { try await self.keepSnapshots() } }
                // Beside the others, since a start does not wait for gigabytes to be read; over when they are.
                group.addTask { try await self.verifySnapshot() }
                // Waiting for all would not end the others with the first that fails.
                for try await _ in group {}
            }
        }
    }

    /// Goes back to the position that the database has of this replica. After a crash it may give out again the numbers of transactions that
    /// were rolled back last, which a position in memory takes for seen; what was registered is behind them.
    private func resume() async throws {
        let (identity, registered) = try await database.read(scope) { transaction in
            (try await transaction.databaseIdentity(), try await transaction.registeredPosition(of: replica))
        }
        guard identity == state.withLock(\.database) else { throw LostTrack.otherHistory }
        guard let registered else { throw LostTrack.notRegistered }
        state.withLock { state in
            state.position = registered
            state.isResumed = true
        }
    }

    private func catchUp() async throws {
        try await turn.take { try await step { _ in } }
    }

    /// Brings the index to what the database says now. The caller has the turn.
    /// - Parameter body: runs before anything else happens to the index, in the transaction whose view the index has.
    func step<R>(_ body: (Transaction) async throws -> R) async throws -> R? {
        let (last, indexes) = state.withLock { ($0.position, $0.indexes) }
        guard let last else { return nil }
        let (outlook, result) = try await database.readSnapshot(scope) { transaction in
            let outlook = try await transaction.mirrorOutlook(since: last, of: replica)
            guard outlook.isRegistered else { throw LostTrack.notRegistered }
            // An index that does not know its model is from before there could be another.
            guard indexes.model == nil || indexes.model == outlook.model else { throw LostTrack.otherModel }
            guard !outlook.wasEmptied else { throw LostTrack.emptied }
            guard outlook.changes > 0 else { return (outlook, try await body(transaction)) }
            let since = ContinuousClock.now - .seconds(max(0, outlook.age ?? 0))
            state.withLock { $0.pending = (outlook.changes, since) }
            try await transaction.forEachMirrorChange(since: last, batchSize: Self.batchSize) { batch in
                let batch = withoutLost(batch)
                try await offPool { try self.apply(batch, to: indexes) }
                state.withLock { $0.pending?.changes -= batch.count }
            }
            return (outlook, try await body(transaction))
        }
        state.withLock { state in
            state.position = outlook.position
            state.indexes.model = outlook.model
            state.phase = .following
            state.hasFollowed = true
            state.pending = nil
            state.lastLook = .now
            state.unkept += outlook.changes
        }
        advanced.send(())
        return result
    }

    private func withoutLost(_ changes: [MirrorChange]) -> [MirrorChange] {
        guard let lost = configuration.lostChanges else { return changes }
        return state.withLock { state in
            changes.filter { _ in
                state.changesSeen += 1
                return state.changesSeen % lost != 0
            }
        }
    }

    /// - Throws: ``LostTrack/otherModel`` for a row of another model than the index's: its columns were switched after the transaction had begun.
    func apply(_ changes: [MirrorChange], to indexes: MirroredIndexes) throws {
        if let own = indexes.model, changes.contains(where: { change in change.current?.model.map { $0 != own } ?? false }) {
            throw LostTrack.otherModel
        }
        var arrived: [UUID: [MirrorRow]] = [:]
        var left: [UUID: [UUID]] = [:]
        for change in changes {
            if let row = change.current {
                arrived[change.partition, default: []].append(row)
            } else {
                left[change.partition, default: []].append(change.id.rawValue)
            }
        }
        for (partition, rows) in arrived { try upsert(rows, in: partition, of: indexes) }
        for (partition, ids) in left {
            indexes.vectors.remove(ids, from: partition)
            indexes.words.remove(ids, from: partition)
        }
    }

    /// Again and again: takes down how far this replica is, and removes from the outbox what nobody needs.
    private func lookAfter() async throws {
        while true {
            try await Task.sleep(for: configuration.upkeepInterval)
            let (position, problem) = state.withLock { ($0.position, $0.indexes.vectors.memory.problem) }
            if let problem { logger.warning("vectors cannot leave memory", metadata: ["problem": "\(problem)"]) }
            try await database.write(scope) { transaction in
                if let position { try await transaction.advanceReplica(replica, to: position) }
                try await transaction.pruneMirrorChanges(olderThan: configuration.outboxLimit)
            }
        }
    }

    /// Reads the vectors that the index began with, which at the start were taken as they are.
    /// - Throws: ``LostTrack/damaged(_:)``.
    private func verifySnapshot() async throws {
        let index = index
        do {
            while try await offPool(on: .global(qos: .utility), { try index.verifySnapshot() }) { try Task.checkCancellation() }
        } catch let error as SnapshotError {
            throw LostTrack.damaged(error)
        }
    }

    /// Writes a snapshot at intervals. One that fails, such as for want of space, leaves the last one as it is and is tried again.
    private func keepSnapshots() async throws {
        while true {
            try await Task.sleep(for: configuration.snapshotInterval)
            do {
                try await keepSnapshot()
            } catch let error where !(error is CancellationError || error is Problem || error is LostTrack) {
                // The disk's fault: the last snapshot stays as it is.
                logger.warning("the index's snapshot was not written", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Writes a snapshot when something has changed since the last.
    func keepSnapshot() async throws {
        guard let shelf else { return }
        // What is damaged would get a checksum that matches.
        try await verifySnapshot()
        let start = ContinuousClock.now
        // Index and position of one moment. The turn keeps the registered position, up to which the outbox is pruned, from passing this
        // one before the announcement holds it.
        let announced = try await turn.take { () -> (kept: KeptMirror, indexes: MirroredIndexes, words: LexicalImage, changes: Int)? in
            let state = state.withLock { $0 }
            guard state.phase == .following, let position = state.position, let identity = state.database, state.unkept > 0 else {
                return nil
            }
            let kept = KeptMirror(database: identity, position: position, model: state.indexes.model)
            try await database.write(scope) { try await $0.announceSnapshot(kept, of: replica) }
            return (kept, state.indexes, state.indexes.words.image(), state.unkept)
        }
        guard let (kept, indexes, words, changes) = announced else { return }
        try await offPool(on: .global(qos: .utility)) { try shelf.write(indexes.vectors, words, kept) }
        guard try await database.write(scope, { try await $0.keepSnapshot(kept, of: replica) }) else { return }
        state.withLock { $0.unkept -= changes }
        logger.info(
            "index kept",
            metadata: ["rows": "\(indexes.vectors.statistics.rows)", "milliseconds": "\((ContinuousClock.now - start).wholeMilliseconds)"])
    }

    /// At the end: a last snapshot, or, without a folder, the end of the registration. In a task of its own, which what ended the mirror does
    /// not cancel.
    func leave() async {
        let last = Task {
            if shelf != nil {
                try await keepSnapshot()
            } else if state.withLock(\.database) != nil {
                try await database.write(scope) { try await $0.removeReplica(replica) }
            }
        }
        if case .failure(let error) = await last.result {
            logger.warning("the index was not kept", metadata: ["error": "\(error)"])
        }
    }
}
