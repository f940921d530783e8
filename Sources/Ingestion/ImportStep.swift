import Domain
import Extraction
import Logging
import Storage

/// A job whose claim is gone: cancelled, or overtaken by newer bytes.
struct LostClaim: Error {}

/// The way of one job from its file's bytes to passages.
struct ImportStep {
    let session: ImportSession
    let job: ClaimedJob
    let log: Logger
    private let begin = ContinuousClock.now

    init(session: ImportSession, job: ClaimedJob, log: Logger) {
        self.session = session
        self.job = job
        self.log = log
    }

    private var worker: IngestionWorker { session.worker }

    func run() async throws {
        let document = try await document()
        let chunks = document.chunks
        let owner = try worker.scope.acting(for: job.file.userID)
        let usage = UsageOwner(job.file.userID, assistant: job.file.assistantID)
        try await advance(.embedding, of: chunks.count, embedded: 0)
        try await worker.embedder.pay(for: chunks, scope: owner, owner: usage) { embedded in
            try await advance(.embedding, of: chunks.count, embedded: embedded)
        }
        try await advance(.storing, of: chunks.count, embedded: chunks.count)
        let result = ProcessedFile(document, by: worker.embedder.model)
        let token = try await session.database.write(owner) { transaction in
            try await worker.embedder.stage(chunks, in: transaction, owner: usage)
            return try await transaction.completeJob(job, of: session.instance, with: result)
        }
        guard let token else {
            log.info("the file changed, or its conversation was archived, while it was read")
            // What is archived is in the queue for its return; of newer bytes there is nothing to give back.
            return try await session.giveBack(job)
        }
        log.debug("file done", metadata: ["chunks": "\(chunks.count)"])
        await worker.afterCommit(token)
    }

    private func document() async throws -> ReadDocument {
        let (contents, processor, file) = (worker.contents, worker.processor, job.file)
        if file.byteCount <= DocumentProcessor.largestHere {
            let bytes = try await contents.read(file.sha256)
            if let document = try await processor.readHere(bytes, fileName: file.name) { return document }
        }
        return try await contents.withDescriptor(file.sha256) { try await processor.read($0, fileName: file.name) }
    }

    /// Tells how far the job is, where somebody may be waiting: a commit for each step of a job of milliseconds would take longer than
    /// the step.
    private func advance(_ state: JobState, of total: Int, embedded: Int) async throws {
        guard ContinuousClock.now - begin > .milliseconds(250) else { return }
        let isHeld = try await session.database.write(worker.scope) { transaction in
            try await transaction.advanceJob(job, of: session.instance, to: state, chunkTotal: total, chunksEmbedded: embedded)
        }
        guard isHeld else { throw LostClaim() }
        worker.events.changes.send(())
    }
}
