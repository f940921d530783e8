public import Domain
import Foundation
public import Logging
public import ServiceLifecycle
public import Storage
import Synchronization
public import VectorIndex

/// Keeps the in-process index at what PostgreSQL says: loads it, then follows the outbox.
///
/// LISTEN wakes it, a poll every second backs that up. When the database is away the index keeps answering at its last position and
/// catches up from there.
public final class KnowledgeMirror: Service, Sendable {
    /// How far the mirror is.
    public enum Phase: Sendable, Equatable {
        case loading(rows: Int)
        case following
    }

    private struct State {
        var index: PartitionedIndex
        var phase = Phase.loading(rows: 0)
        var position: MirrorPosition?
        var positionTime = ContinuousClock.now
    }

    private let database: Database
    private let scope: Scope
    private let logger: Logger
    private let state: Mutex<State>
    private let advanced = Broadcast<Void>(buffering: .bufferingNewest(1))

    /// Older positions are not followed but rebuilt: the outbox is pruned after a day.
    private static let longestAbsence = Duration.seconds(12 * 3600)
    private static let batchSize = 1_000

    /// - Parameter scope: a system scope.
    public init(database: Database, scope: Scope, logger: Logger) {
        self.database = database
        self.scope = scope
        self.logger = logger
        state = Mutex(State(index: PartitionedIndex()))
    }

    /// How far the mirror is, for readiness.
    public var phase: Phase { state.withLock(\.phase) }

    /// What the index holds.
    public var statistics: IndexStatistics { state.withLock(\.index).statistics }

    /// The index as it stands now.
    var index: PartitionedIndex { state.withLock(\.index) }

    /// Loads and follows until graceful shutdown; failures of the database are logged and tried again with back-off.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var delay = Backoff()
            while !Task.isCancelled {
                do {
                    if self.needsLoad { try await self.load() }
                    delay.reset()
                    try await self.follow()
                } catch is CancellationError {
                    return
                } catch {
                    self.logger.warning("the index waits for the database", metadata: ["error": "\(error)"])
                    guard await delay.wait() else { return }
                }
            }
        }
    }

    /// Returns when the index holds this write, or after the time limit.
    /// - Returns: whether it holds it.
    @discardableResult
    public func waitUntilIncluded(_ token: WriteToken, atMost limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            let advances = advanced.values()
            if state.withLock({ $0.position?.includes(token) ?? false }) { return true }
            let left = deadline - ContinuousClock.now
            guard left > .zero, !Task.isCancelled else { return false }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = await advances.first { true } }
                group.addTask { try? await Task.sleep(for: left) }
                await group.next()
                group.cancelAll()
            }
        }
    }

    private var needsLoad: Bool {
        state.withLock { $0.position == nil || ContinuousClock.now - $0.positionTime > Self.longestAbsence }
    }

    private func load() async throws {
        let start = ContinuousClock.now
        let fresh = PartitionedIndex()
        var rows = 0
        let position = try await database.readSnapshot(scope) { transaction in
            let position = try await transaction.mirrorPosition()
            try await transaction.forEachMirrorRow(batchSize: Self.batchSize) { batch in
                for (partition, members) in Dictionary(grouping: batch, by: \.partition) {
                    try fresh.upsert(members.map(IndexRow.init), in: partition)
                }
                rows += batch.count
                self.report(loaded: rows)
            }
            return position
        }
        advance(to: position, index: fresh)
        logger.info(
            "index loaded", metadata: ["rows": "\(rows)", "milliseconds": "\((ContinuousClock.now - start).wholeMilliseconds)"])
    }

    private func report(loaded rows: Int) {
        state.withLock { state in
            if state.position == nil { state.phase = .loading(rows: rows) }
        }
    }

    private func advance(to position: MirrorPosition, index: PartitionedIndex? = nil) {
        state.withLock { state in
            if let index { state.index = index }
            state.position = position
            state.positionTime = .now
            state.phase = .following
        }
        advanced.send(())
    }

    /// Applies what the outbox brings, woken by notifications and once a second; ends by throwing when the database goes away.
    private func follow() async throws {
        try await database.session(scope) { connection in
            let notifications = try await connection.notifications(on: ["bunko_knowledge"])
            let wakes = Broadcast<Void>(buffering: .bufferingNewest(1))
            let work = wakes.values()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await _ in notifications { wakes.send(()) }
                    throw Problem(.unavailable, code: "listen_ended", "The database ended the index's notifications.")
                }
                group.addTask {
                    while true {
                        wakes.send(())
                        try await Task.sleep(for: .seconds(1))
                    }
                }
                group.addTask {
                    for await _ in work { try await self.catchUp() }
                }
                group.addTask { try await self.prune() }
                // Waiting for all would not end the others with the first that fails.
                for try await _ in group {}
            }
        }
    }

    private func catchUp() async throws {
        guard let last = state.withLock(\.position) else { return }
        let (position, changes) = try await database.readSnapshot(scope) { transaction in
            (try await transaction.mirrorPosition(), try await transaction.mirrorChanges(since: last))
        }
        try apply(changes)
        advance(to: position)
    }

    private func apply(_ changes: [MirrorChange]) throws {
        let index = index
        var arrived: [UUID: [IndexRow]] = [:]
        var left: [UUID: [UUID]] = [:]
        for change in changes {
            if let row = change.current { arrived[row.partition, default: []].append(IndexRow(row)) }
            for partition in change.formerPartitions where partition != change.current?.partition {
                left[partition, default: []].append(change.id.rawValue)
            }
        }
        for (partition, rows) in arrived { try index.upsert(rows, in: partition) }
        for (partition, ids) in left { _ = index.remove(ids, from: partition) }
    }

    private func prune() async throws {
        while true {
            _ = try await database.write(scope) { try await $0.pruneMirrorChanges() }
            try await Task.sleep(for: .seconds(600))
        }
    }
}

extension IndexRow {
    fileprivate init(_ row: MirrorRow) {
        self.init(id: row.id.rawValue, vector: row.embedding)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
