import Domain
import Extraction
import Logging
import Storage

/// Jobs whose claims are gone: cancelled, or overtaken by newer bytes.
struct LostClaim: Error {}

/// The way of the jobs of one claim from their files' bytes to passages: those that can be read in this process together, each other one
/// by itself. One file's fault ends its own job alone.
struct ImportStep {
    /// A job whose file has been read.
    private typealias Read = (job: ClaimedJob, document: ReadDocument)

    let session: ImportSession
    let jobs: [ClaimedJob]
    private let begin = ContinuousClock.now

    init(session: ImportSession, jobs: [ClaimedJob]) {
        self.session = session
        self.jobs = jobs
    }

    private var worker: IngestionWorker { session.worker }

    /// - Throws: what the other jobs would meet as well; then some of these may still be claimed.
    func run() async throws {
        var read: [Read] = []
        var others: [ClaimedJob] = []
        for job in jobs {
            try await ending([job]) {
                if let document = try await readHere(job) { read.append((job, document)) } else { others.append(job) }
            }
        }
        if !read.isEmpty {
            try await ending(read.map(\.job)) { try await store(read) }
        }
        for job in others {
            try await ending([job]) { try await store([(job, try await readIsolated(job))]) }
        }
    }

    /// Runs a part of the way of some jobs; where it fails, they come to their end.
    private func ending(_ jobs: [ClaimedJob], _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            for job in jobs { try await session.end(job, after: error) }
            session.announce(jobs)
        }
    }

    /// Nil for what is read in a process of its own.
    private func readHere(_ job: ClaimedJob) async throws -> ReadDocument? {
        guard job.file.byteCount <= DocumentProcessor.largestHere else { return nil }
        return try await worker.processor.readHere(try await worker.contents.read(job.file.sha256), fileName: job.file.name)
    }

    private func readIsolated(_ job: ClaimedJob) async throws -> ReadDocument {
        let (processor, name) = (worker.processor, job.file.name)
        return try await worker.contents.withDescriptor(job.file.sha256) { try await processor.read($0, fileName: name) }
    }

    private func store(_ read: [Read]) async throws {
        guard let first = read.first?.job.file else { return }
        let owner = try worker.scope.acting(for: first.userID)
        let usage = UsageOwner(first.userID, assistant: first.assistantID)
        let embedder = worker.embedder
        let chunks = read.flatMap { part in part.document.chunks.map { (file: part.job.file.id, chunk: $0) } }
        try await advance(read, to: .embedding, embedded: 0)
        try await embedder.pay(for: chunks.map(\.chunk.embeddingText), scope: owner, owner: usage) { embedded in
            try await advance(read, to: .embedding, embedded: embedded)
        }
        try await advance(read, to: .storing, embedded: chunks.count)
        let results = read.map { (job: $0.job, result: ProcessedFile($0.document, by: embedder.model)) }
        let completed = try await session.database.write(owner) { transaction in
            try await embedder.stage(chunks, in: transaction, owner: usage)
            return try await transaction.completeJobs(results, of: session.instance)
        }
        for (job, document) in read {
            if completed?.done.contains(job.id) == true {
                session.log(of: job).debug("file done", metadata: ["chunks": "\(document.chunks.count)"])
            } else {
                session.log(of: job).info("the file changed, or its conversation was archived, while it was read")
                // What is archived is in the queue for its return; of newer bytes there is nothing to give back.
                try await session.giveBack(job)
            }
        }
        if let completed { await worker.afterCommit(completed.token) }
        session.announce(read.map(\.job))
    }

    /// Tells how far the jobs are, where somebody may be waiting: a commit for each step of a job of milliseconds would take longer than
    /// the step.
    /// - Parameter embedded: passages that have their vectors, in the order of the jobs.
    private func advance(_ read: [Read], to state: JobState, embedded: Int) async throws {
        guard ContinuousClock.now - begin > .milliseconds(250) else { return }
        var left = embedded
        let progress = read.map { job, document in
            let count = document.chunks.count
            defer { left = max(0, left - count) }
            return JobProgress(job, chunks: count, embedded: min(left, count))
        }
        let isHeld = try await session.database.write(worker.scope) { transaction in
            try await transaction.advanceJobs(progress, of: session.instance, to: state)
        }
        guard isHeld else { throw LostClaim() }
        worker.events.changes.send(())
    }
}
