public import Foundation

/// A chunk of a file with its vector, ready to be stored.
public struct KnowledgeDraft: Sendable {
    public var ordinal: Int
    public var content: String
    public var headingPath: [String]
    public var pageFrom: Int?
    public var pageTo: Int?
    /// Unicode scalar offsets into the extracted text.
    public var charStart: Int
    public var charEnd: Int
    public var tokenCount: Int
    public var contentSHA256: ContentDigest
    /// What was embedded in front of the content; may be empty.
    public var context: String
    /// A unit vector of the model's dimensions.
    public var embedding: [Float]

    public init(
        ordinal: Int, content: String, headingPath: [String], pageFrom: Int?, pageTo: Int?, charStart: Int, charEnd: Int, tokenCount: Int,
        contentSHA256: ContentDigest, context: String = "", embedding: [Float]
    ) {
        self.ordinal = ordinal
        self.content = content
        self.headingPath = headingPath
        self.pageFrom = pageFrom
        self.pageTo = pageTo
        self.charStart = charStart
        self.charEnd = charEnd
        self.tokenCount = tokenCount
        self.contentSHA256 = contentSHA256
        self.context = context
        self.embedding = embedding
    }
}

/// A passage as it stands in the database now, read under the caller's row-level security.
public struct Passage: Sendable, Hashable {
    public var id: ChunkID
    public var assistantID: AssistantID?
    public var fileID: FileID?
    public var fileName: String?
    /// Its place among the passages of its file, from 0.
    public var ordinal: Int?
    public var title: String?
    public var content: String
    public var headingPath: [String]
    public var pageFrom: Int?
    public var pageTo: Int?
    /// Unicode scalar offsets into the extracted text of the file.
    public var charStart: Int?
    public var charEnd: Int?
    public var tokenCount: Int
    public var tags: [String]
    public var sourceType: String?
    public var createdAt: Date

    public init(
        id: ChunkID, assistantID: AssistantID?, fileID: FileID?, fileName: String?, ordinal: Int?, title: String?, content: String,
        headingPath: [String], pageFrom: Int?, pageTo: Int?, charStart: Int?, charEnd: Int?, tokenCount: Int, tags: [String],
        sourceType: String?, createdAt: Date
    ) {
        self.id = id
        self.assistantID = assistantID
        self.fileID = fileID
        self.fileName = fileName
        self.ordinal = ordinal
        self.title = title
        self.content = content
        self.headingPath = headingPath
        self.pageFrom = pageFrom
        self.pageTo = pageTo
        self.charStart = charStart
        self.charEnd = charEnd
        self.tokenCount = tokenCount
        self.tags = tags
        self.sourceType = sourceType
        self.createdAt = createdAt
    }
}
