public import Domain
import Foundation
public import Logging
public import ServiceLifecycle
import Synchronization

/// Writes down each call of a model, in batches beside the requests that made them.
///
/// Taking a row in never waits: it is kept in memory and written within the interval, or sooner when many have come. While the database
/// is away rows wait; those beyond the capacity are dropped, counted and told in the log. At shutdown what waits is written first.
public final class UsageRecorder: Service, Sendable {
    private struct State {
        var waiting: [UsageRecord] = []
        /// Rows of statements under way.
        var inHand = 0
        var dropped = 0
        var droppedUntold = 0
    }

    private let database: Database
    private let scope: Scope
    private let capacity: Int
    private let batchSize: Int
    private let interval: Duration
    private let logger: Logger
    private let state = Mutex(State())
    private let fullBatches = Broadcast<Void>(buffering: .bufferingNewest(1))

    /// How long shutdown waits for a database that is away.
    private static let patience = Duration.seconds(5)
    /// How often a batch may be refused by a database that answers, before it is given up.
    private static let mostRefusals = 5

    /// - Parameters:
    ///   - scope: a system scope.
    ///   - capacity: rows that may wait.
    public init(
        database: Database, scope: Scope, capacity: Int = 10_000, batchSize: Int = 500, interval: Duration = .seconds(1), logger: Logger
    ) {
        self.database = database
        self.scope = scope
        self.capacity = capacity
        self.batchSize = batchSize
        self.interval = interval
        self.logger = logger
    }

    /// Rows that are not written yet.
    public var pending: Int { state.withLock { $0.waiting.count + $0.inHand } }

    /// Rows that were lost because too many waited, or because the database refuses them.
    public var dropped: Int { state.withLock(\.dropped) }

    /// Takes a row in; returns at once.
    public func record(_ record: UsageRecord) {
        let isFullBatch = state.withLock { state in
            guard state.waiting.count < capacity else {
                state.dropped += 1
                state.droppedUntold += 1
                return false
            }
            state.waiting.append(record)
            return state.waiting.count == batchSize
        }
        if isFullBatch { fullBatches.send(()) }
    }

    /// Carries out one call of a model and takes in its row, with the time it took and, when it throws, with why.
    /// - Parameters:
    ///   - call: the row as far as it is known; tokens and cost are those of success.
    ///   - body: may put right what the model told better.
    public func measure<R>(
        _ call: UsageRecord, isolation: isolated (any Actor)? = #isolation, _ body: (inout UsageRecord) async throws -> R
    ) async throws -> R {
        var call = call
        let start = ContinuousClock.now
        do {
            let result = try await body(&call)
            call.milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
            record(call)
            return result
        } catch {
            call.milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
            (call.tokens, call.cost) = (nil, nil)
            call.failure = String(describing: error)
            record(call)
            throw error
        }
    }

    /// Writes until graceful shutdown, and then the rest.
    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.writeRepeatedly() }
        // In a task of its own, so that a cancellation does not cost what was taken in before it.
        await Task { await self.writeTheRest() }.value
    }

    private func writeRepeatedly() async {
        var delay = Backoff()
        var refusals = 0
        while !Task.isCancelled {
            await waitForWork()
            do {
                try await flush()
                delay.reset()
                refusals = 0
            } catch is CancellationError {
                return
            } catch {
                logger.warning("usage is not written yet", metadata: ["rows": "\(pending)", "error": "\(error)"])
                refusals += (error as? Problem)?.kind == .unavailable ? 0 : 1
                if refusals >= Self.mostRefusals {
                    giveUpBatch(after: error)
                    refusals = 0
                }
                guard await delay.wait() else { return }
            }
        }
    }

    private func waitForWork() async {
        // Listening begins before the look, so that a batch that fills in between is not missed.
        let fullBatches = fullBatches.values()
        guard state.withLock({ $0.waiting.count < batchSize }) else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await fullBatches.first { true } }
            group.addTask { [interval] in try? await Task.sleep(for: interval) }
            await group.next()
            group.cancelAll()
        }
    }

    private func writeTheRest() async {
        let deadline = ContinuousClock.now + Self.patience
        var delay = Backoff()
        while true {
            do {
                try await flush()
                return
            } catch {
                guard ContinuousClock.now < deadline, await delay.wait() else {
                    logger.error("usage was lost at shutdown", metadata: ["rows": "\(pending)", "error": "\(error)"])
                    return
                }
            }
        }
    }

    /// Writes what waits, batch by batch; what could not be written goes on waiting.
    private func flush() async throws {
        while true {
            let batch = state.withLock { state in
                let batch = Array(state.waiting.prefix(batchSize))
                state.waiting.removeFirst(batch.count)
                state.inHand += batch.count
                return batch
            }
            guard !batch.isEmpty else { break }
            do {
                try await database.write(scope) { try await $0.recordUsage(batch) }
                state.withLock { $0.inHand -= batch.count }
            } catch {
                state.withLock { state in
                    state.inHand -= batch.count
                    state.waiting.insert(contentsOf: batch, at: 0)
                }
                throw error
            }
        }
        tellDropped()
    }

    private func giveUpBatch(after error: any Error) {
        state.withLock { state in
            let lost = min(batchSize, state.waiting.count)
            state.waiting.removeFirst(lost)
            state.dropped += lost
            state.droppedUntold += lost
        }
        logger.error("the database refuses usage rows", metadata: ["error": "\(error)"])
        tellDropped()
    }

    private func tellDropped() {
        let untold = state.withLock { state in
            defer { state.droppedUntold = 0 }
            return state.droppedUntold
        }
        if untold > 0 { logger.error("usage rows were dropped", metadata: ["rows": "\(untold)", "in_all": "\(dropped)"]) }
    }
}
