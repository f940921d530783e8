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

    var database: Database { worker.database }
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

    /// Again and again: claims of earlier sessions and of dead instances go back, other instances' uploads and jobs whose pause is over are
    /// noticed, released bytes are removed.
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

    /// Most jobs of one claim, and the size up to which files share one: what a crash undoes together, and a lane holds in memory.
    private static let jobsPerClaim = 32
    private static let smallFile = 32 << 10

    /// True when there was a job.
    private func processNext() async throws -> Bool {
        let jobs = try await database.write(scope) { transaction in
            try await transaction.claimJobs(for: instance, atMost: Self.jobsPerClaim, small: Self.smallFile)
        }
        guard !jobs.isEmpty else { return false }
        // While this claim looked at the jobs behind the first, others passed them over.
        events.work.send(())
        do {
            try await ImportStep(session: self, jobs: jobs).run()
        } catch {
            await release(jobs)
            throw error
        }
        return true
    }

    /// Tells that jobs have come to an end, or wait again.
    func announce(_ jobs: [ClaimedJob]) {
        for job in jobs { events.finished.send(job.file.id) }
        events.changes.send(())
    }

    func log(of job: ClaimedJob) -> Logger {
        var log = worker.logger
        log[metadataKey: "file"] = "\(job.file.id)"
        return log
    }

    // MARK: - What went wrong

    /// Ends a job whose file is at fault, puts one back that is not, and throws on what all jobs would meet.
    func end(_ job: ClaimedJob, after error: any Error) async throws {
        let log = log(of: job)
        switch error {
        case let error as ExtractionError:
            log.info("file refused", metadata: ["code": "\(error.code)", "reason": "\(error)"])
            try await fail(job, JobFailure(code: error.code, reason: error.reason, remedy: error.remedy, step: .extracting))
        case let problem as Problem where ContentStore.faultCodes.contains(problem.code):
            log.error("stored bytes lost", metadata: ["code": "\(problem.code)", "content": "\(job.file.sha256)"])
            try await fail(job, JobFailure(code: problem.code, reason: problem.detail, remedy: problem.remedy, step: .extracting))
        case let problem as Problem where problem.isTransactionConflict:
            log.info("another change was in the way of storing the passages; the file is in the queue again")
            try await giveBack(job)
        case let fault as ProviderFault:
            try await retry(job, fault.problem, step: .embedding, log)
        case let error as ReaderProcessError:
            let problem = Problem(
                .environment, code: "reader_unavailable", "No process of the server's can read files at present.", underlying: error)
            try await retry(job, problem, step: .extracting, log)
        case is ReaderKilled:
            try await retryInterrupted(job, log)
        case let problem as Problem where ![.unavailable, .storageFull, .environment].contains(problem.kind):
            // What was made of this file is refused, or of one it shared a claim with: tried again, each is alone.
            try await retry(job, problem, step: .storing, log)
        case is LostClaim:
            log.info("the job was cancelled, or newer bytes came, while the file was read")
        default: throw error
        }
    }

    /// Tries a job again after a pause that grows with its attempts; after too many it fails.
    private func retry(_ job: ClaimedJob, _ problem: Problem, step: JobState, _ log: Logger) async throws {
        log.warning("a job waits to be tried again", metadata: ["code": "\(problem.code)", "problem": "\(problem)"])
        if job.attempts >= worker.attempts {
            let remedy = [problem.remedy, "Import the file again with --retry-failed."].compactMap(\.self).joined(separator: " ")
            return try await fail(job, JobFailure(code: problem.code, reason: problem.detail, remedy: remedy, step: step))
        }
        let pause = max(pause(after: job.attempts), problem.retryAfter.map { .seconds($0) } ?? .zero)
        try await database.write(scope) { try await $0.releaseJob(job, of: instance, pause: pause) }
    }

    /// Tries a job again whose reader was killed; the one that memory was too short for may have been another.
    private func retryInterrupted(_ job: ClaimedJob, _ log: Logger) async throws {
        log.warning("a reader was killed from outside", metadata: ["interruptions": "\(job.interruptions + 1)"])
        guard job.interruptions + 1 < JobFailure.mostInterruptions else { return try await fail(job, .interrupted) }
        let pause = pause(after: job.interruptions + 1)
        try await database.write(scope) { try await $0.releaseJob(job, of: instance, pause: pause, isInterrupted: true) }
    }

    /// - Parameter attempt: the one that failed, from 1.
    private func pause(after attempt: Int) -> Duration {
        min(worker.longestRetry, worker.firstRetry * (1 << min(attempt - 1, 16))) * Double.random(in: 0...1)
    }

    private func fail(_ job: ClaimedJob, _ failure: JobFailure) async throws {
        try await database.write(scope) { try await $0.failJob(job, of: instance, failure) }
    }

    func giveBack(_ job: ClaimedJob) async throws {
        try await database.write(scope) { try await $0.releaseJob(job, of: instance) }
    }

    /// Gives back the jobs of a claim that are not over. In a task of its own, so that the cancellation that may have caused it does not
    /// keep the claim from being given back.
    private func release(_ jobs: [ClaimedJob]) async {
        let givenBack = Task { for job in jobs { try await giveBack(job) } }
        if case .failure(let error) = await givenBack.result {
            worker.logger.debug("a claim waits for this instance's lock to end", metadata: ["error": "\(error)"])
        }
    }
}
