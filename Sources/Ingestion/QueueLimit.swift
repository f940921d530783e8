public import Domain
public import Storage
import Synchronization

/// Keeps the queue of jobs from growing without end: while it is full, uploads are to wait, before their bytes are taken.
///
/// The jobs are counted at most once a second, so some more may come in until the next count.
public final class QueueLimit: Sendable {
    private let database: Database
    private let scope: Scope
    private let most: Int
    private let last: Mutex<(isFull: Bool, at: ContinuousClock.Instant)?> = .init(nil)

    /// - Parameters:
    ///   - scope: a system scope.
    ///   - most: jobs that may wait.
    public init(database: Database, scope: Scope, most: Int) {
        self.database = database
        self.scope = scope
        self.most = most
    }

    /// - Throws: `queue_full`.
    public func check() async throws {
        guard try await isFull() else { return }
        throw Problem(
            .unavailable, code: "queue_full", "\(most) files wait to be imported, the most that may.",
            remedy: "Send the upload again when some are done.", retryAfter: 2)
    }

    private func isFull() async throws -> Bool {
        let now = ContinuousClock.now
        if let last = last.withLock({ $0 }), now - last.at < .seconds(1) { return last.isFull }
        let isFull = try await database.read(scope) { try await $0.countQueue(upTo: most) } >= most
        last.withLock { $0 = (isFull, now) }
        return isFull
    }
}
