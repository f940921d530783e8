public import Foundation

/// A file that comes in several requests: what it will be, and how much of it is durable.
public struct ResumableUpload: Sendable, Hashable {
    public var id: UploadID
    public var name: String
    public var sourcePath: String
    /// The size of the whole.
    public var byteCount: Int
    /// Where the next piece goes on.
    public var offset: Int
    /// Counts the requests that went on with it; the last one alone may.
    public var turn: Int
    /// What the whole will be, if the sender has told.
    public var sha256: ContentDigest?
    /// Nil for a file that all share.
    public var assistantID: AssistantID?
    public var conversationID: UUID?
    public var tags: [String]
    public var retryFailed: Bool
    /// What the sender calls the import that the file belongs to.
    public var batch: String?
    /// A day after the last piece.
    public var expiresAt: Date

    public init(
        id: UploadID, name: String, sourcePath: String, byteCount: Int, offset: Int, turn: Int, sha256: ContentDigest?,
        assistantID: AssistantID?, conversationID: UUID?, tags: [String], retryFailed: Bool, batch: String?, expiresAt: Date
    ) {
        self.id = id
        self.name = name
        self.sourcePath = sourcePath
        self.byteCount = byteCount
        self.offset = offset
        self.turn = turn
        self.sha256 = sha256
        self.assistantID = assistantID
        self.conversationID = conversationID
        self.tags = tags
        self.retryFailed = retryFailed
        self.batch = batch
        self.expiresAt = expiresAt
    }
}
