/// A passage: an exact slice of a document's text, with where it stands.
public struct Chunk: Sendable, Equatable, Codable {
    /// Its number in the document, from 0 without gaps.
    public let ordinal: Int
    /// Exactly the scalars `charStart ..< charEnd` of the document's text; no white space at either end.
    public let content: String
    /// The headings it stands under, outermost first, without markup; for several sections, what they share.
    public let headingPath: [String]
    /// The first scalar. Ascends strictly from chunk to chunk.
    public let charStart: Int
    /// One past the last scalar. Greater than the next chunk's `charStart` only where a section is cut.
    public let charEnd: Int
    /// The page it begins on; nil for sources without pages.
    public let pageFrom: Int?
    /// The page its last block begins on; nil for sources without pages.
    public let pageTo: Int?
    /// The estimated tokens of `content`; at most the configuration's maximum.
    public let tokenCount: Int
    /// What a reader of `content` alone would miss: the document's title, the headings that do not stand in it, and the head
    /// of the table whose rows it continues; lines without markup, may be empty.
    public let context: String

    /// What is embedded in place of `content`: the same with its context in front.
    public var embeddingText: String {
        context.isEmpty ? content : context + "\n\n" + content
    }
}
