public import Foundation

/// Identifies a row of `jobs`.
public struct JobID: EntityID {
    public let rawValue: UUID
    public init(rawValue: UUID) { self.rawValue = rawValue }
}

/// Where an upload stands on its way into the index.
public enum JobState: String, Sendable, Codable, CaseIterable {
    /// Waits for a worker, for the first time or after a fault that was not the file's.
    case queued
    case extracting
    case chunking
    case embedding
    case storing
    case done
    case failed
    /// The same bytes and tags stood there already; nothing was done.
    case unchanged
    /// Somebody took it back, or newer bytes came for the same file.
    case cancelled

    /// Whether nothing more will happen.
    public var isOver: Bool {
        switch self {
        case .queued, .extracting, .chunking, .embedding, .storing: false
        case .done, .failed, .unchanged, .cancelled: true
        }
    }
}

/// Why a job failed.
public struct JobFailure: Sendable, Hashable {
    /// A stable identifier in snake case: `locked`, `damaged`, `no_text` and the like.
    public var code: String
    /// What was wrong, for a person.
    public var reason: String
    /// What to do about it; nil when `reason` says it already.
    public var remedy: String?
    /// What was being done.
    public var step: JobState

    public init(code: String, reason: String, remedy: String? = nil, step: JobState) {
        self.code = code
        self.reason = reason
        self.remedy = remedy
        self.step = step
    }
}

/// The work on one upload, from the queue to its end.
public struct ImportJob: Sendable, Hashable {
    public var id: JobID
    public var userID: UserID
    public var assistantID: AssistantID?
    public var fileID: FileID
    public var fileName: String
    public var sourcePath: String
    /// What its importer calls all uploads of one run.
    public var batch: String?
    public var state: JobState
    public var attempts: Int
    /// Nil before the file is cut.
    public var chunkTotal: Int?
    public var chunksEmbedded: Int
    public var failure: JobFailure?
    public var createdAt: Date
    public var startedAt: Date?
    public var finishedAt: Date?
    public var updatedAt: Date
    /// The write that stored its passages.
    public var doneBy: WriteToken?

    public init(
        id: JobID, userID: UserID, assistantID: AssistantID?, fileID: FileID, fileName: String, sourcePath: String, batch: String?,
        state: JobState, attempts: Int, chunkTotal: Int?, chunksEmbedded: Int, failure: JobFailure?, createdAt: Date, startedAt: Date?,
        finishedAt: Date?, updatedAt: Date, doneBy: WriteToken? = nil
    ) {
        self.id = id
        self.userID = userID
        self.assistantID = assistantID
        self.fileID = fileID
        self.fileName = fileName
        self.sourcePath = sourcePath
        self.batch = batch
        self.state = state
        self.attempts = attempts
        self.chunkTotal = chunkTotal
        self.chunksEmbedded = chunksEmbedded
        self.failure = failure
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.updatedAt = updatedAt
        self.doneBy = doneBy
    }
}

/// A job that one session of a service works on, with the file it is for.
public struct ClaimedJob: Sendable {
    public let id: JobID
    public let file: StoredFile
    /// How often it was begun, this time included.
    public let attempts: Int
    /// How often the service or its reader was killed meanwhile.
    public let interruptions: Int

    public init(id: JobID, file: StoredFile, attempts: Int, interruptions: Int) {
        self.id = id
        self.file = file
        self.attempts = attempts
        self.interruptions = interruptions
    }
}

/// How far a job is.
public struct JobProgress: Sendable {
    public let job: ClaimedJob
    /// Passages the file was cut into, and those among them that have their vectors.
    public let chunks: Int
    public let embedded: Int

    public init(_ job: ClaimedJob, chunks: Int, embedded: Int) {
        self.job = job
        self.chunks = chunks
        self.embedded = embedded
    }
}

extension JobFailure {
    /// With so many interruptions a file is taken for their cause.
    public static let mostInterruptions = 3

    /// A file that everything died of which worked on it.
    public static let interrupted = JobFailure(
        code: "processing_interrupted",
        reason: "The service, or its process that reads documents, was killed three times while it read this file.",
        remedy: "Make sure that the machine has memory to spare, then import it again with --retry-failed.", step: .extracting)
}

extension JobFailure: CustomStringConvertible {
    /// One line for a person: what was wrong and what to do.
    public var description: String { [reason, remedy].compactMap(\.self).joined(separator: " ") }
}
