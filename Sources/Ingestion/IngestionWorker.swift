public import Domain
import Extraction
public import Logging
public import ServiceLifecycle
public import Storage

/// Works the queue of uploaded files: claims one, processes it, stores its passages in one transaction, and goes on.
///
/// A claim is worth as long as this process lives; a crash gives it back to the queue at once. What the file or its stored bytes are at
/// fault for ends as `failed` with its reason; what the service is at fault for (database away, disk full) is tried again with back-off.
public struct IngestionWorker: Service {
    private let database: Database
    private let contents: ContentStore
    private let processor: DocumentProcessor
    private let events: ProcessingEvents
    private let scope: Scope
    private let instance: InstanceID
    private let concurrency: Int
    private let afterCommit: @Sendable (WriteToken) async -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - scope: a system scope.
    ///   - concurrency: files processed at a time.
    ///   - afterCommit: awaited between the commit of a file's passages and the announcement that it is done; the composition root
    ///     waits here until the index has seen the write.
    public init(
        database: Database, contents: ContentStore, processor: DocumentProcessor, events: ProcessingEvents, scope: Scope,
        instance: InstanceID = InstanceID(), concurrency: Int, afterCommit: @escaping @Sendable (WriteToken) async -> Void, logger: Logger
    ) {
        self.database = database
        self.contents = contents
        self.processor = processor
        self.events = events
        self.scope = scope
        self.instance = instance
        self.concurrency = concurrency
        self.afterCommit = afterCommit
        self.logger = logger
    }

    /// Works until graceful shutdown; a file in hand is finished first.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var delay = Backoff()
            while !Task.isCancelled {
                do {
                    try await database.holdingInstanceLock(instance, scope) {
                        delay.reset()
                        try await work()
                    }
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("the import queue waits", metadata: ["error": "\(error)"])
                    guard await delay.wait() else { return }
                }
            }
        }
    }

    /// Runs the lanes under the instance's lock; ends when one of them fails, and with it the others.
    private func work() async throws {
        // Claims from before the database went away, which could not be given back then: nobody else does, as long as this lives.
        try await database.write(scope) { try await $0.releaseClaims(of: instance) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<concurrency {
                group.addTask { try await lane() }
            }
            group.addTask { try await tidy() }
            try await group.waitForAll()
        }
    }

    private func lane() async throws {
        let work = events.work.values()
        repeat {
            while try await processNext() {
                try Task.checkCancellation()
            }
        } while await work.first(where: { true }) != nil
    }

    /// Every five seconds: claims of dead instances go back, other instances' uploads are noticed, released bytes are removed.
    private func tidy() async throws {
        while true {
            _ = try await database.write(scope) { try await $0.releaseAbandonedClaims() }
            guard try await database.read(scope, { try await $0.isLocked(instance) }) else {
                throw Problem(.unavailable, code: "instance_lock_lost", "The session that holds this service's lock has ended.")
            }
            events.work.send(())
            try await removeReleasedContents()
            try await Task.sleep(for: .seconds(5))
        }
    }

    private func removeReleasedContents() async throws {
        try await database.write(scope) { transaction in
            for digest in try await transaction.takeReleasedContents(limit: 100) {
                _ = try await contents.remove(digest)
            }
        }
    }

    /// True when there was a file to process.
    private func processNext() async throws -> Bool {
        guard let file = try await database.write(scope, { try await $0.claimFile(for: instance) }) else { return false }
        var log = logger
        log[metadataKey: "file"] = "\(file.id)"
        do {
            try await process(file, log)
        } catch let error as ExtractionError {
            log.info("file refused", metadata: ["code": "\(error.code)", "reason": "\(error)"])
            try await fail(file, code: error.code, reason: String(describing: error))
        } catch let problem as Problem where ContentStore.faultCodes.contains(problem.code) {
            log.error("stored bytes lost", metadata: ["code": "\(problem.code)", "content": "\(file.sha256)"])
            try await fail(file, code: problem.code, reason: problem.description)
        } catch let problem as Problem where problem.isTransactionConflict {
            log.info("another change was in the way of storing the passages; the file is in the queue again")
            try await giveBack(file)
        } catch {
            await release(file, log)
            throw error
        }
        events.finished.send(file.id)
        return true
    }

    private func fail(_ file: StoredFile, code: String, reason: String) async throws {
        try await database.write(scope) { try await $0.failFile(file, of: instance, code: code, reason: reason) }
    }

    private func giveBack(_ file: StoredFile) async throws {
        try await database.write(scope) { try await $0.releaseClaim(file, of: instance) }
    }

    /// Gives back a file that was not at fault. In a task of its own, so that the cancellation that may have caused it does not
    /// keep the claim from being given back.
    private func release(_ file: StoredFile, _ log: Logger) async {
        let givenBack = Task { try await giveBack(file) }
        if case .failure(let error) = await givenBack.result {
            log.debug("a claim waits for this instance's lock to end", metadata: ["error": "\(error)"])
        }
    }

    private func process(_ file: StoredFile, _ log: Logger) async throws {
        let bytes = try await contents.read(file.sha256)
        let result = try await processor.process(bytes, fileName: file.name, for: UsageOwner(file.userID, assistant: file.assistantID))
        let owner = try scope.acting(for: file.userID)
        let token = try await database.write(owner) { try await $0.completeFile(file, of: instance, with: result) }
        guard let token else {
            log.info("the file changed, or its conversation was archived, while it was read")
            // What is archived is in the queue for its return; of newer bytes there is nothing to give back.
            try await giveBack(file)
            return
        }
        log.debug("file done", metadata: ["chunks": "\(result.chunks.count)"])
        await afterCommit(token)
    }
}
