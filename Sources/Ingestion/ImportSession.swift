import Domain
import Extraction
import Logging
import Storage

/// The work on the queue for as long as one session of the database holds the worker's lock.
struct ImportSession {
    let worker: IngestionWorker
    let instance: InstanceID
    /// The worker's sessions before this one: nothing is worked on under their names any more.
    let former: [InstanceID]

    private var database: Database { worker.database }
    private var scope: Scope { worker.scope }
    private var events: ProcessingEvents { worker.events }

    /// Runs the lanes; ends when one of them fails, and with it the others.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<worker.concurrency {
                group.addTask { try await lane() }
            }
            group.addTask { try await lookAfter() }
            // Waiting for all would not end the others with the first that fails.
            for try await _ in group {}
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

    /// Again and again: claims of earlier sessions and of dead instances go back, other instances' uploads are noticed, released bytes
    /// are removed.
    private func lookAfter() async throws {
        while true {
            let isAlive = try await database.write(scope) { transaction in
                try await transaction.releaseClaims(of: former)
                guard try await transaction.isLocked(instance) else { return false }
                try await transaction.releaseAbandonedClaims(noticedBy: instance)
                return true
            }
            guard isAlive else {
                throw Problem(.unavailable, code: "instance_lock_lost", "The session that holds this service's lock has ended.")
            }
            events.work.send(())
            try await removeReleasedContents()
            try await Task.sleep(for: worker.pause)
        }
    }

    private func removeReleasedContents() async throws {
        try await database.write(scope) { transaction in
            for digest in try await transaction.takeReleasedContents(limit: 100) {
                _ = try await worker.contents.remove(digest)
            }
        }
    }

    /// True when there was a file to process.
    private func processNext() async throws -> Bool {
        guard let file = try await database.write(scope, { try await $0.claimFile(for: instance) }) else { return false }
        var log = worker.logger
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
        let bytes = try await worker.contents.read(file.sha256)
        let result = try await worker.processor.process(
            bytes, fileName: file.name, for: UsageOwner(file.userID, assistant: file.assistantID))
        let owner = try scope.acting(for: file.userID)
        let token = try await database.write(owner) { try await $0.completeFile(file, of: instance, with: result) }
        guard let token else {
            log.info("the file changed, or its conversation was archived, while it was read")
            // What is archived is in the queue for its return; of newer bytes there is nothing to give back.
            try await giveBack(file)
            return
        }
        log.debug("file done", metadata: ["chunks": "\(result.chunks.count)"])
        await worker.afterCommit(token)
    }
}
