public import Domain
public import Foundation
public import Storage

/// A document as it arrives.
public struct Upload: Sendable {
    public var name: String
    /// What tells a changed file from a new one within the assistant; the name when nil.
    public var sourcePath: String?
    public var bytes: [UInt8]
    public var tags: [String]
    /// The conversation it is attached to, if it is.
    public var conversationID: UUID?
    /// Process identical bytes that failed before once more.
    public var retryFailed: Bool
    /// What the importer calls all uploads of one run.
    public var batch: String?

    public init(
        name: String, sourcePath: String? = nil, bytes: [UInt8], tags: [String] = [], conversationID: UUID? = nil,
        retryFailed: Bool = false, batch: String? = nil
    ) {
        self.name = name
        self.sourcePath = sourcePath
        self.bytes = bytes
        self.tags = tags
        self.conversationID = conversationID
        self.retryFailed = retryFailed
        self.batch = batch
    }
}

/// Takes uploads in: when ``accept(_:into:scope:)`` has returned, the bytes are durable and the job is in the queue.
public struct FileIntake: Sendable {
    private let database: Database
    private let contents: ContentStore
    private let events: ProcessingEvents

    public init(database: Database, contents: ContentStore, events: ProcessingEvents) {
        self.database = database
        self.contents = contents
        self.events = events
    }

    /// Stores an upload for an assistant, or for all to share when there is none and the scope is the system user's.
    /// - Throws: `too_large` over the setting `max_file_size`, `invalid_request` for an empty file or an unusable name,
    ///   `storage_full`; then nothing is stored.
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
        try transaction.scope.require(.ingest)
        try Self.check(upload)
        let draft = FileDraft(
            name: upload.name, sourcePath: upload.sourcePath ?? upload.name, byteCount: upload.bytes.count,
            sha256: ContentStore.digest(of: upload.bytes), tags: upload.tags, conversationID: upload.conversationID)
        let limit = try await transaction.maximumFileSize()
        guard upload.bytes.count <= limit else { throw Problem.fileTooLarge(upload.name, limit: limit) }
        try Self.checkType(of: draft, supported: try await transaction.supportedFileTypes())
        let result = try await transaction.putFile(
            draft, assistant: assistant, retryFailed: upload.retryFailed, batch: upload.batch)
        // Inside the transaction: its lock on the content's row keeps the clean-up from removing these bytes before the commit.
        try await contents.store(upload.bytes, digest: draft.sha256)
        return result
    }

    /// A name that tells no type is taken: the content decides how a file is read.
    private static func checkType(of draft: FileDraft, supported: [String]) throws(Problem) {
        guard let type = draft.fileType, !supported.contains(type) else { return }
        throw Problem(
            .unsupportedType, code: "file_type_unsupported", "Files of type \"\(type)\" are not taken here.",
            remedy: "The types are \(supported.joined(separator: ", ")); an administrator sets them in supported_file_types.",
            parameter: "file")
    }

    private static func check(_ upload: Upload) throws(Problem) {
        let name = upload.name
        guard !name.isEmpty, name.utf8.count <= 255, !name.contains("\0") else {
            throw Problem.invalid("file", "A file's name has 1 to 255 bytes and no NUL.")
        }
        guard (upload.sourcePath ?? name).utf8.count <= 2_000 else {
            throw Problem.invalid("source_path", "A source path has at most 2,000 bytes.")
        }
        guard !upload.bytes.isEmpty else {
            throw Problem(
                .invalidRequest, code: "file_empty", "The file \"\(name)\" is empty.", remedy: "Upload a file that holds text.",
                parameter: "file")
        }
        guard (upload.batch ?? "-").utf8.count <= 100, upload.batch?.isEmpty != true else {
            throw Problem.invalid("batch", "A batch's name has 1 to 100 bytes.")
        }
        guard upload.tags.count <= 50, upload.tags.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 200 }) else {
            throw Problem.invalid("tags", "A file takes up to 50 tags of 1 to 200 bytes.")
        }
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
