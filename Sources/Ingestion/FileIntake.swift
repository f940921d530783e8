public import Domain
public import Foundation
public import Storage

/// A document as it arrives.
public struct Upload: Sendable {
    public var name: String
    /// What tells a changed file from a new one within the assistant; the name when nil.
    public var sourcePath: String?
    public var content: IncomingContent
    public var tags: [String]
    /// The conversation it is attached to, if it is.
    public var conversationID: UUID?
    /// Process identical bytes that failed before once more.
    public var retryFailed: Bool
    /// What the importer calls all uploads of one run.
    public var batch: String?

    public init(
        name: String, sourcePath: String? = nil, content: IncomingContent, tags: [String] = [], conversationID: UUID? = nil,
        retryFailed: Bool = false, batch: String? = nil
    ) {
        self.name = name
        self.sourcePath = sourcePath
        self.content = content
        self.tags = tags
        self.conversationID = conversationID
        self.retryFailed = retryFailed
        self.batch = batch
    }

    /// A small document whose bytes are at hand.
    public init(
        name: String, sourcePath: String? = nil, bytes: [UInt8], tags: [String] = [], conversationID: UUID? = nil,
        retryFailed: Bool = false, batch: String? = nil
    ) {
        self.init(
            name: name, sourcePath: sourcePath, content: IncomingContent(bytes), tags: tags, conversationID: conversationID,
            retryFailed: retryFailed, batch: batch)
    }
}

/// Takes uploads in: when ``accept(_:into:scope:)`` has returned, the bytes are durable and the job is in the queue.
public struct FileIntake: Sendable {
    private let database: Database
    private let contents: ContentStore
    private let events: ProcessingEvents
    private let queue: QueueLimit?

    /// - Parameter queue: bounds what waits; nil: nothing does.
    public init(database: Database, contents: ContentStore, events: ProcessingEvents, queue: QueueLimit? = nil) {
        self.database = database
        self.contents = contents
        self.events = events
        self.queue = queue
    }

    /// Asked before an upload's bytes are taken.
    /// - Throws: `queue_full`.
    public func checkQueue() async throws {
        try await queue?.check()
    }

    /// Stores an upload for an assistant, or for all to share when there is none and the scope is the system user's.
    /// - Throws: `too_large` over the setting `max_file_size`, `unsupported_type`, `invalid_request` for an unusable name, `storage_full`;
    ///   then nothing is stored. A file without bytes is taken; its import says that it has no text.
    public func accept(_ upload: Upload, into assistant: AssistantID?, scope: Scope) async throws -> AcceptedFile {
        let accepted = try await database.write(scope) { try await accept(upload, into: assistant, in: $0) }
        if accepted.outcome != .unchanged { announce() }
        return accepted
    }

    /// Tells the workers that an upload has been committed.
    public func announce() { events.work.send(()) }

    /// As ``accept(_:into:scope:)``, in the caller's transaction; after its commit ``announce()`` is due.
    public func accept(
        _ upload: Upload, into assistant: AssistantID?, in transaction: Transaction
    ) async throws -> AcceptedFile {
        let accepted = try await accept([upload], into: assistant, in: transaction)
        return accepted[0]
    }

    /// As ``accept(_:into:in:)``, for several uploads, in their order: all are taken in or none.
    public func accept(
        _ uploads: [Upload], into assistant: AssistantID?, in transaction: Transaction
    ) async throws -> [AcceptedFile] {
        try transaction.scope.require(.ingest)
        let limits = try await Self.limits(in: transaction)
        let drafts = try uploads.map { try $0.draft(within: limits) }
        var accepted: [Int: AcceptedFile] = [:]
        // In the order of their contents, whose rows they lock: of two transactions with the same ones neither then waits for the other.
        for place in uploads.indices.sorted(by: { drafts[$0].sha256.bytes.lexicographicallyPrecedes(drafts[$1].sha256.bytes) }) {
            let upload = uploads[place]
            accepted[place] = try await transaction.putFile(
                drafts[place], assistant: assistant, retryFailed: upload.retryFailed, batch: upload.batch)
        }
        // Inside the transaction: its lock on the content's row keeps the clean-up from removing these bytes before the commit.
        try await contents.store(uploads.map(\.content))
        return uploads.indices.compactMap { accepted[$0] }
    }

    /// What an upload may be now.
    public func limits(_ scope: Scope) async throws -> UploadLimits {
        try await database.read(scope) { try await Self.limits(in: $0) }
    }

    /// Takes a file's bytes as they come, before it is known what becomes of them.
    /// - Throws: `unsupported_type` for a name of a type that is not taken.
    public func writer(for name: String, _ limits: UploadLimits) throws(Problem) -> ContentWriter {
        try limits.checkType(of: name)
        return contents.writer(atMost: limits.maximumBytes, refusal: .fileTooLarge(name, limit: limits.maximumBytes))
    }

    static func limits(in transaction: Transaction) async throws -> UploadLimits {
        UploadLimits(
            maximumBytes: try await transaction.maximumFileSize(), supportedTypes: try await transaction.supportedFileTypes())
    }
}

extension Upload {
    /// - Throws: `too_large`, `unsupported_type`, `invalid_request`.
    fileprivate func draft(within limits: UploadLimits) throws(Problem) -> FileDraft {
        let draft = FileDraft(
            name: name, sourcePath: sourcePath ?? name, byteCount: content.byteCount, sha256: content.digest, tags: tags,
            conversationID: conversationID)
        try Self.check(name: draft.name, sourcePath: draft.sourcePath, tags: draft.tags, batch: batch)
        try limits.checkSize(draft.byteCount, of: draft.name)
        try limits.checkType(of: draft.name)
        return draft
    }
}

extension Problem {
    /// The upload is over the limit, in bytes.
    public static func fileTooLarge(_ name: String, limit: Int) -> Problem {
        Problem(
            .tooLarge, code: "file_too_large", "The file \"\(name)\" is larger than the limit of \(limit) bytes.",
            remedy: "Split it, or let an administrator raise the setting max_file_size.", parameter: "file")
    }
}
