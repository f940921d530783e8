import Domain
public import Logging
public import ServiceLifecycle
public import Storage

/// What one round of maintenance did.
public struct MaintenanceReport: Sendable, Equatable {
    public var partitionsMade = 0
    public var messagesArchived = 0
    public var conversationsArchived = 0
    public var idempotencyKeysCleared = 0
    public var jobsCleared = 0
    public var embeddingsCleared = 0
    public var refreshTokensCleared = 0
    public var accountTokensCleared = 0
    public var loginAttemptsCleared = 0
    /// Changes of knowledge that no replica of the index needs any more.
    public var changesCleared = 0
    public var uploadsExpired = 0
    /// What stood on disk and belonged to nothing.
    public var leftovers = ContentSweep()
    public var hasEmbeddingIndex = false

    public init() {}
}

/// The service's housekeeping, at its start and daily: partitions of the months to come, archiving by age, and clearing away what has
/// served its time or was left over by a crash.
///
/// One replica at a time does it; another passes its round over. A failure is logged and tried again, and never ends the service.
public struct MaintenanceService: Service {
    private let upkeep: Upkeep
    private let contents: ContentStore
    private let interval: Duration
    private let logger: Logger

    private static let lockName = "bunko.maintenance"
    /// How long jobs that are over and vectors that were paid for are kept.
    private static let keptDays = 30
    /// The current month and the next three.
    private static let monthsAhead = 4
    private static let firstRetry = Duration.seconds(10)
    private static let longestRetry = Duration.seconds(3_600)

    public init(upkeep: Upkeep, contents: ContentStore, interval: Duration = .seconds(86_400), logger: Logger) {
        self.upkeep = upkeep
        self.contents = contents
        self.interval = interval
        self.logger = logger
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown { await repeatRounds() }
    }

    private func repeatRounds() async {
        var retry = Self.firstRetry
        while !Task.isCancelled {
            var pause = interval
            do {
                if let report = try await round() { log(report) } else { logger.debug("another replica does the maintenance") }
                retry = Self.firstRetry
            } catch {
                if Task.isCancelled { return }
                logger.error("maintenance failed; it will be tried again", metadata: ["error": "\(error)", "wait": "\(retry)"])
                pause = min(retry, interval)
                retry = min(retry * 2, Self.longestRetry)
            }
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }

    /// One round; nil when another replica is at it.
    ///
    /// Every step is a transaction of its own and may be repeated, so that a failure keeps what was done before it.
    public func round() async throws -> MaintenanceReport? {
        let (database, scope) = (upkeep.database, upkeep.scope)
        return try await database.exclusively(Self.lockName, scope) {
            var report = MaintenanceReport()
            report.partitionsMade = try await upkeep.ensurePartitions(from: nil, months: Self.monthsAhead)
            if let days = try await database.read(scope, { try await $0.archiveAfterDays() }), let age = Age(days: min(days, 36_500)) {
                let archived = try await upkeep.archive(messagesOlderThan: age, inactiveFor: age, dryRun: false)
                report.messagesArchived = archived.messages + archived.messages_of_conversations
                report.conversationsArchived = archived.conversations
            }
            report.idempotencyKeysCleared = try await database.write(scope) { try await $0.clearIdempotencyKeys() }
            report.refreshTokensCleared = try await database.write(scope) { try await $0.clearRefreshTokens() }
            report.accountTokensCleared = try await database.write(scope) { try await $0.clearAccountTokens() }
            report.loginAttemptsCleared = try await database.write(scope) { try await $0.clearLoginAttempts() }
            report.jobsCleared = try await database.write(scope) { try await $0.clearJobs(olderThanDays: Self.keptDays) }
            report.embeddingsCleared = try await database.write(scope) { try await $0.clearEmbeddingCache(olderThanDays: Self.keptDays) }
            // Replicas do so themselves, oftener; without one nobody does.
            report.changesCleared = try await database.write(scope) { try await $0.pruneMirrorChanges(olderThan: upkeep.outboxLimit) }
            report.uploadsExpired = try await upkeep.expireUploads(contents)
            report.leftovers = try await upkeep.sweep(contents, removing: true)
            report.hasEmbeddingIndex = try await database.write(scope) { try await $0.ensureEmbeddingIndex() }
            return report
        }
    }

    private func log(_ report: MaintenanceReport) {
        if report.leftovers.isForeign {
            logger.warning(
                "most stored files are unknown to this database and were left alone; is it the one they belong to?",
                metadata: ["unknown": "\(report.leftovers.contents)"])
        }
        logger.info(
            "maintenance done",
            metadata: [
                "partitions_made": "\(report.partitionsMade)", "messages_archived": "\(report.messagesArchived)",
                "conversations_archived": "\(report.conversationsArchived)",
                "idempotency_keys_cleared": "\(report.idempotencyKeysCleared)", "jobs_cleared": "\(report.jobsCleared)",
                "embeddings_cleared": "\(report.embeddingsCleared)",
                "refresh_tokens_cleared": "\(report.refreshTokensCleared)", "account_tokens_cleared": "\(report.accountTokensCleared)",
                "login_attempts_cleared": "\(report.loginAttemptsCleared)", "uploads_expired": "\(report.uploadsExpired)",
                "contents_left_over": "\(report.leftovers.contents)", "files_left_over": "\(report.leftovers.files)",
                "embedding_index": "\(report.hasEmbeddingIndex)",
            ])
    }
}
