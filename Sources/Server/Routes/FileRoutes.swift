import Domain
import Foundation
import Hummingbird
import Ingestion
import NIOCore
import Storage

/// `/v1/files`: upload, list, get, change, delete.
///
/// An upload is `multipart/form-data` with a part `file` and fields `assistant`, `conversation` or, by administrators, `shared`;
/// `source_path`, `tags` (comma-separated), `retry_failed` and `batch` (a name for all uploads of one run), or the bare bytes with the same names, and `name`, as query parameters. It
/// answers 202 once the bytes are durable. An upload of what is there already is `unchanged`; with an `Idempotency-Key`, one that is sent
/// again late does not undo what was uploaded meanwhile. Several small files come in as many parts `file`, whose file names are their
/// paths; they are taken in together or not at all, and the answer is a list in their order.
struct FileRoutes: Sendable {
    let database: Database
    let intake: FileIntake
    let watch: FileWatch
    let shared: SharedRows
    let knowledge: KnowledgeWriter

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.post("files", use: upload)
        group.get("files", use: list)
        group.get("files/:file", use: get)
        group.patch("files/:file", use: update)
        group.delete("files/:file", use: delete)
        group.get("limits", use: limits)
    }

    struct Limits: Encodable, Sendable {
        struct Embedding: Encodable, Sendable {
            let model: String
            let cost_per_million_tokens: Decimal
        }

        struct Reading: Encodable, Sendable {
            /// The size of passages aimed at.
            let target_tokens: Int
            /// Names the vocabulary whose tokens these are; null: they are estimated.
            @Nullable var vocabulary: String?
            /// The languages of text recognition.
            let ocr_languages: [String]
        }

        let max_file_size: Int
        let supported_file_types: [String]
        let embedding: Embedding
        let reading: Reading
    }

    @Sendable
    func upload(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        try await intake.checkQueue()
        let form = try await UploadForm(request, intake, try await intake.limits(scope))
        let owner = form.isShared ? try await shared.administration.sharedScope(for: scope) : scope
        let assistant = try await database.read(owner) { try await form.target(in: $0) }
        let write = IdempotentWrite(database: database)
        let answer = try await write.answer(request, form.members(assistant), scope: scope, owner: owner) { transaction in
            ResourceResponse(try await intake.accept(form.uploads, into: assistant, in: transaction))
        }
        if answer.status == .accepted, !answer.isReplayed { intake.announce() }
        return answer
    }

    @Sendable
    func list(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Page<FileBody>> {
        let scope = try context.scope
        try scope.require(.read)
        let limit = try request.number("limit", default: 100, in: 1...10_000)
        let after = try request.identifier("after", as: FileID.self)
        let state = try request.state()
        let conversation = try request.parameter("conversation").map { text throws(Problem) in
            guard let id = UUID(uuidString: text) else { throw Problem.notFound("conversation", text) }
            return id
        }
        let shared = try request.listsShared()
        let files = try await database.read(scope) { transaction in
            let assistant = try await request.parameter("assistant").asyncMap { try await transaction.assistant($0).id }
            return try await transaction.files(
                assistant: assistant, conversation: conversation, shared: shared, state: state, limit: limit + 1, after: after)
        }
        return JSONResponse(Page(files.map { FileBody($0) }, limit: limit, id: \.id))
    }

    /// Answers at once, or with `?wait=SECONDS` (at most 60) when the file is done or failed.
    @Sendable
    func get(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.read)
        let wait = try request.number("wait", default: 0, in: 0...60)
        let file = try await watch.file(try context.pathID("file", as: FileID.self), scope: scope, waiting: .seconds(wait))
        var response = ResourceResponse(FileBody(file), version: file.version)
        response.position = file.doneBy
        return response
    }

    /// Name (`filename`), tags and metadata.
    @Sendable
    func update(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathID("file", as: FileID.self)
        let version = try request.expectedVersion()
        let members = try await request.members()
        let file = try await shared.write(scope) { scope in
            try await database.write(scope) { try await $0.updateFile(id, members, version: version) }
        }
        return ResourceResponse(FileBody(file), version: file.version)
    }

    /// What an upload may be, as the administrator set it, and what becomes of it: how it is cut, and what its vectors cost.
    @Sendable
    func limits(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Limits> {
        let scope = try context.scope
        let limits = try await intake.limits(scope)
        let terms = knowledge.terms
        return JSONResponse(
            Limits(
                max_file_size: limits.maximumBytes, supported_file_types: limits.supportedTypes,
                embedding: .init(model: terms.embeddingModel, cost_per_million_tokens: terms.costPerMillionTokens),
                reading: .init(target_tokens: terms.targetTokens, vocabulary: terms.vocabulary, ocr_languages: terms.ocrLanguages)))
    }

    @Sendable
    func delete(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathID("file", as: FileID.self)
        let version = try request.expectedVersion()
        try await shared.write(scope) { scope in
            try await database.write(scope) { try await $0.deleteFile(id, version: version) }
        }
        return JSONResponse(Deletion(id: id.description, object: "file.deleted"))
    }
}

/// A file on the wire: OpenAI's file object and more.
struct FileBody: Encodable, Sendable {
    let id: String
    let object = "file"
    let bytes: Int
    let created_at: Int
    let filename: String
    let purpose = "assistants"
    /// OpenAI's three states.
    let status: String
    let status_details: String?
    let state: String
    /// `created`, `replaced` or `unchanged`, in the answer to an upload.
    let outcome: String?
    /// The work on it, in the answer to an upload: `/v1/jobs/{id}`.
    let job_id: String?
    let code: String?
    let reason: String?
    let chunks: Int
    let assistant_id: String?
    /// The conversation it is attached to, open or archived.
    @Nullable var conversation_id: String?
    let source_path: String
    let media_type: String?
    let sha256: String
    let tags: [String]
    let metadata: JSONValue

    init(_ file: StoredFile, outcome: FileOutcome? = nil, job: JobID? = nil) {
        id = file.id.description
        bytes = file.byteCount
        created_at = Int(file.createdAt.timeIntervalSince1970)
        filename = file.name
        status =
            switch file.state {
            case .pending, .processing: "uploaded"
            case .done: "processed"
            case .failed: "error"
            }
        status_details = file.failureReason
        state = file.state.rawValue
        self.outcome = outcome?.rawValue
        job_id = job?.description
        code = file.failureCode
        reason = file.failureReason
        chunks = file.chunkCount
        assistant_id = file.assistantID?.description
        _conversation_id = Nullable(wrappedValue: file.conversationID?.uuidString.lowercased())
        source_path = file.sourcePath
        media_type = file.mediaType
        sha256 = file.sha256.description
        tags = file.tags
        metadata = file.metadata
    }
}

extension ResourceResponse {
    /// The answer to uploads: the file, or a list when there are several.
    init(_ accepted: [AcceptedFile]) {
        guard accepted.count > 1 else {
            self.init(accepted[0])
            return
        }
        let bodies = accepted.map { FileBody($0.file, outcome: $0.outcome, job: $0.job) }
        self.init(Page(bodies, limit: bodies.count, id: \.id), status: accepted.allSatisfy { $0.outcome == .unchanged } ? .ok : .accepted)
    }

    /// The answer to an upload.
    init(_ accepted: AcceptedFile) {
        self.init(
            FileBody(accepted.file, outcome: accepted.outcome, job: accepted.job), version: accepted.file.version,
            status: accepted.outcome == .unchanged ? .ok : .accepted)
    }
}

extension Request {
    /// Whether a list of files or jobs is that of the shared ones.
    func listsShared() throws(Problem) -> Bool {
        guard let text = parameter("visibility") else { return false }
        guard ["own", "shared"].contains(text) else {
            throw Problem.invalid("visibility", "visibility is \"\(text)\"; for files it is own or shared.")
        }
        return text == "shared"
    }

    fileprivate func state() throws(Problem) -> ProcessingState? {
        guard let text = parameter("state") else { return nil }
        guard let state = ProcessingState(rawValue: text) else {
            let known = ProcessingState.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.invalid("state", "state is \"\(text)\"; it is one of \(known).")
        }
        return state
    }
}

extension Optional {
    func asyncMap<R>(_ transform: (Wrapped) async throws -> R) async rethrows -> R? {
        guard let self else { return nil }
        return try await transform(self)
    }
}
