import Dispatch
public import Domain
import Foundation
public import LexicalIndex
public import Logging
import RowFilters
public import ServiceLifecycle
public import Storage
import Synchronization
public import VectorIndex

/// Keeps the in-process index at what PostgreSQL says: one replica of it, among others that do the same.
///
/// It begins with the snapshot in its folder when the database still knows all that came after, else it reads every row. Then it follows the
/// outbox: LISTEN wakes it, a poll backs that up. When the database is away the index keeps answering at its last position and
/// catches up from there.
public final class KnowledgeMirror: Service, Sendable {
    /// How far the mirror is.
    public enum Phase: Sendable, Equatable {
        /// Rows are being read; `expected` is what the database's statistics say, 0 when they say nothing.
        case loading(rows: Int, expected: Int)
        /// All rows were there once, and changes are followed.
        case following
    }

    /// How far the index is behind the database.
    public struct Lag: Sendable, Equatable {
        /// Changes that were seen and are not in the index yet.
        public var changes = 0
        /// Age of the oldest of them, or how long the database was not asked.
        public var seconds = 0.0
    }

    /// Where the rows of the index came from when it began.
    public enum Origin: String, Sendable, Encodable {
        case snapshot, database
    }

    struct State {
        var indexes: MirroredIndexes
        var origin: Origin?
        var phase = Phase.loading(rows: 0, expected: 0)
        var hasFollowed = false
        /// Whether the position is of the connection that follows now: after a crash the database may give out again the numbers that an older one
        /// takes for seen.
        var isResumed = false
        var position: MirrorPosition?
        /// The database and its history that the position is of.
        var database: String?
        /// A snapshot from before track was lost is of no use.
        var mustLoad = false
        /// Changes under way, and when the oldest was made.
        var pending: (changes: Int, since: ContinuousClock.Instant)?
        var lastLook: ContinuousClock.Instant?
        /// Changes applied since the last snapshot was written, or since rows were loaded.
        var unkept = 0
        /// Rows whose vectors have no direction, which no search by angle can find.
        var refused = 0
        /// Changes that came, where some are to be lost.
        var changesSeen = 0
    }

    /// The name by which the database knows this copy of the index, for as long as the process lives.
    let replica = ReplicaID()
    let database: Database
    let scope: Scope
    let configuration: MirrorConfiguration
    let shelf: SnapshotShelf?
    let logger: Logger
    let state: Mutex<State>
    /// Held by whoever brings the index to a position.
    let turn = Turn()
    let advanced = Broadcast<Void>(buffering: .bufferingNewest(1))
    /// Has the follower look at the outbox now.
    let wakes = Broadcast<Void>(buffering: .bufferingNewest(1))
    /// What blocks or computes for long runs here and not on the cooperative pool.
    let queue = DispatchQueue(label: "bunko.mirror", qos: .userInitiated)
    private let meter: RecallMeter

    /// - Parameter scope: a system scope.
    public init(database: Database, scope: Scope, configuration: MirrorConfiguration = MirrorConfiguration(), logger: Logger) {
        self.database = database
        self.scope = scope
        self.configuration = configuration
        self.logger = logger
        meter = RecallMeter(logger: logger)
        shelf = configuration.folder.map { SnapshotShelf(folder: $0) }
        state = Mutex(State(indexes: Self.emptyIndexes(configuration)))
    }

    static func indexConfiguration(_ configuration: MirrorConfiguration) -> IndexConfiguration {
        var index = IndexConfiguration()
        index.workers = configuration.workers
        index.memory = configuration.memory
        return index
    }

    static func emptyIndexes(_ configuration: MirrorConfiguration) -> MirroredIndexes {
        MirroredIndexes(vectors: PartitionedIndex(configuration: indexConfiguration(configuration)), words: LexicalIndex())
    }

    /// How far the mirror is, for readiness.
    public var phase: Phase { state.withLock(\.phase) }

    /// Whether the index has been what the database says since the start, even if it loads anew now.
    public var hasFollowed: Bool { state.withLock(\.hasFollowed) }

    /// Where the rows came from when the index began; nil before.
    public var origin: Origin? { state.withLock(\.origin) }

    /// What the index holds.
    public var statistics: IndexStatistics { index.statistics }

    /// What the index of words holds.
    public var wordStatistics: LexicalIndex.Statistics { state.withLock(\.indexes).words.statistics }

    /// How far the index has followed; nil before it began.
    public var position: MirrorPosition? { state.withLock(\.position) }

    /// How far the index is behind.
    public var lag: Lag {
        let now = ContinuousClock.now
        return state.withLock { state in
            if let pending = state.pending { return Lag(changes: pending.changes, seconds: (now - pending.since) / .seconds(1)) }
            // Between two looks nothing is known to have come; beyond them nobody has looked.
            guard let last = state.lastLook, now - last > configuration.pollInterval * 2 else { return Lag() }
            return Lag(seconds: (now - last) / .seconds(1))
        }
    }

    /// Rows whose vectors have no direction, and which the index does without.
    public var refusedRows: Int { state.withLock(\.refused) }

    /// Where the index lies.
    public var memory: IndexMemory { index.memory }

    /// How far the index is from what it was trained on.
    public var drift: IndexDrift { index.drift }

    /// How much of what is near the index finds.
    public var recall: LiveRecall { meter.report }

    /// Searches the index of ``ready``; some questions are asked again, exactly, in the background.
    func search(_ request: SearchRequest, in index: PartitionedIndex) throws(VectorIndexError) -> SearchResponse {
        let response = try index.search(request)
        meter.offer(request, response, index)
        return response
    }

    /// The indexes when they hold all rows; nil while they load.
    var ready: MirroredIndexes? { state.withLock { $0.phase == .following ? $0.indexes : nil } }

    /// The index as it stands now.
    var index: PartitionedIndex { indexes.vectors }
    var indexes: MirroredIndexes { state.withLock(\.indexes) }

    /// Loads and follows until graceful shutdown, and keeps a snapshot then; failures of the database are logged and tried again with back-off.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var delay = Backoff()
            while !Task.isCancelled {
                do {
                    if self.state.withLock({ $0.position == nil }) { try await self.begin() }
                    self.state.withLock { $0.mustLoad = false }
                    delay.reset()
                    try await self.follow()
                } catch is CancellationError {
                    return
                } catch let lost as LostTrack {
                    self.logger.notice("the index reads every row anew", metadata: ["reason": "\(lost)"])
                    // Whoever brings the index to a position now, such as a verification, ends first.
                    await self.turn.take {
                        self.state.withLock { state in
                            state.position = nil
                            state.mustLoad = true
                            // Until then the database answers: the index may be far from what it says.
                            state.phase = .loading(rows: 0, expected: 0)
                        }
                    }
                } catch {
                    self.logger.warning("the index waits for the database", metadata: ["error": "\(error)"])
                    guard await delay.wait() else { return }
                }
            }
        }
        await leave()
    }

    /// Returns when the index holds this write, or after the time limit.
    /// - Returns: whether it holds it.
    @discardableResult
    public func waitUntilIncluded(_ token: WriteToken, atMost limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        // No notification comes of a write without knowledge; it was committed before, so one look is enough.
        wakes.send(())
        while true {
            let advances = advanced.values()
            if state.withLock({ $0.isResumed && $0.phase == .following && $0.position?.includes(token) ?? false }) { return true }
            let left = deadline - ContinuousClock.now
            guard left > .zero, !Task.isCancelled else { return false }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = await advances.first { true } }
                // Whichever ends first, the advance or the time; a cancelled sleep is seen above.
                group.addTask { try? await Task.sleep(for: left) }
                await group.next()
                group.cancelAll()
            }
        }
    }

    /// Runs what blocks or computes for long; one after the other, unless another queue is named.
    func offPool<R: Sendable>(on other: DispatchQueue? = nil, _ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            (other ?? queue).async { continuation.resume(with: Result(catching: body)) }
        }
    }
}

/// Why neither the index nor the outbox tells what the database says.
enum LostTrack: Error, CustomStringConvertible {
    case notRegistered, emptied, otherHistory, otherModel
    case damaged(SnapshotError)

    var description: String {
        switch self {
        case .notRegistered: "changes it had not seen were removed from the outbox"
        case .otherHistory: "the database is another, or was set back to an earlier time"
        case .otherModel: "the knowledge has the vectors of another model"
        case .emptied: "all knowledge was taken away at once"
        case .damaged(let error): "the snapshot that the index began with is damaged: \(error)"
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
