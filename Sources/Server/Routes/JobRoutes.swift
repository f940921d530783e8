import Domain
import Foundation
import Hummingbird
import Ingestion
import NIOCore
import ServiceLifecycle
import Storage

/// `/v1/jobs`: the work on uploads, one by one, as a list, and as it happens.
struct JobRoutes: Sendable {
    let database: Database
    let watch: FileWatch
    let events: ProcessingEvents
    let shared: SharedRows

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.get("jobs", use: list)
        group.get("jobs/events", use: follow)
        group.get("jobs/:job", use: get)
        group.post("jobs/:job/cancel", use: cancel)
    }

    @Sendable
    func list(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Page<JobBody>> {
        let scope = try context.scope
        try scope.require(.read)
        let limit = try request.number("limit", default: 100, in: 1...10_000)
        let after = try request.identifier("after", as: JobID.self)
        let state = try request.jobState()
        let shared = try request.listsShared()
        let batch = request.parameter("batch")
        let jobs = try await database.read(scope) { transaction in
            let assistant = try await request.parameter("assistant").asyncMap { try await transaction.assistant($0).id }
            return try await transaction.jobs(
                assistant: assistant, shared: shared, batch: batch, state: state, limit: limit + 1, after: after)
        }
        return JSONResponse(Page(jobs.map(JobBody.init), limit: limit, id: \.id))
    }

    /// Answers at once, or with `?wait=SECONDS` (at most 60) when the job is over.
    @Sendable
    func get(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.read)
        let wait = try request.number("wait", default: 0, in: 0...60)
        let job = try await watch.job(try context.pathID("job", as: JobID.self), scope: scope, waiting: .seconds(wait))
        var response = ResourceResponse(JobBody(job))
        response.position = job.doneBy
        return response
    }

    @Sendable
    func cancel(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathID("job", as: JobID.self)
        let job = try await shared.write(scope) { scope in
            try await database.write(scope) { try await $0.cancelJob(id) }
        }
        events.changes.send(())
        return ResourceResponse(JobBody(job))
    }

    /// Server-sent events: each job of the caller's that has changed, as `event: job`, until the client leaves or `?seconds=` (3,600 when
    /// not given) are over. `?batch=` narrows to one run of an importer; after a break the client goes on with `Last-Event-ID`. A change
    /// may come twice, and is never left out.
    @Sendable
    func follow(_ request: Request, _ context: BunkoRequestContext) async throws -> Response {
        let scope = try context.scope
        try scope.require(.read)
        let filter = JobEvents.Filter(batch: request.parameter("batch"), shared: try request.listsShared())
        let end = ContinuousClock.now + .seconds(try request.number("seconds", default: 3_600, in: 1...3_600))
        let last = request.headers[.lastEventID].flatMap(Double.init).map { Date(timeIntervalSince1970: $0 / 1_000_000) }
        let changes = events.changes.values()
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                var source = JobEvents(database: database, scope: scope, filter: filter, since: last ?? Date())
                // A first line tells the client, and proxies on the way, that the stream has begun.
                try await writer.write(ByteBuffer(string: ": jobs\n\n"))
                while !Task.isCancelled, !Task.isShuttingDownGracefully, ContinuousClock.now < end {
                    for text in try await source.next() { try await writer.write(ByteBuffer(string: text)) }
                    // The server's end is seen within a second. Under load changes come in hundreds; they are told several times a second.
                    try await Task.sleep(for: .milliseconds(200))
                    try await changes.wait(atMost: .milliseconds(800))
                }
                try await writer.finish(nil)
            })
    }
}

/// A job on the wire.
struct JobBody: Encodable, Sendable {
    struct Chunks: Encodable, Sendable {
        @Nullable var total: Int?
        let embedded: Int
    }
    struct Failure: Encodable, Sendable {
        let code: String
        let reason: String
        @Nullable var remedy: String?
        let step: String
    }
    let id: String
    let object = "job"
    let file_id: String
    @Nullable var assistant_id: String?
    let filename: String
    let source_path: String
    @Nullable var batch: String?
    let state: String
    let attempts: Int
    let chunks: Chunks
    @Nullable var failure: Failure?
    let created_at: Double
    @Nullable var started_at: Double?
    @Nullable var finished_at: Double?

    init(_ job: ImportJob) {
        id = job.id.description
        file_id = job.fileID.description
        _assistant_id = Nullable(wrappedValue: job.assistantID?.description)
        filename = job.fileName
        source_path = job.sourcePath
        _batch = Nullable(wrappedValue: job.batch)
        state = job.state.rawValue
        attempts = job.attempts
        chunks = Chunks(total: job.chunkTotal, embedded: job.chunksEmbedded)
        let failure = job.failure.map { Failure(code: $0.code, reason: $0.reason, remedy: $0.remedy, step: $0.step.rawValue) }
        _failure = Nullable(wrappedValue: failure)
        created_at = job.createdAt.timeIntervalSince1970
        _started_at = Nullable(wrappedValue: job.startedAt?.timeIntervalSince1970)
        _finished_at = Nullable(wrappedValue: job.finishedAt?.timeIntervalSince1970)
    }
}

extension Request {
    fileprivate func jobState() throws(Problem) -> JobState? {
        guard let text = parameter("state") else { return nil }
        guard let state = JobState(rawValue: text) else {
            let known = JobState.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.invalid("state", "state is \"\(text)\"; it is one of \(known).")
        }
        return state
    }
}
