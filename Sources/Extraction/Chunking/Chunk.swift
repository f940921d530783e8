/// A passage: an exact slice of a document's text, with where it stands.
public struct Chunk: Sendable, Equatable, Codable {
    /// Its number in the document, from 0 without gaps.
    public let ordinal: Int
    /// What a reader is shown: the scalars `charStart ..< charEnd` of the document's text, exactly, without white space at either end.
    ///
    /// Where the passage begins inside a table, after its head, the head stands in front: the line of titles and the rule below it, each
    /// with its `\n`, as they are or shortened (``TableHead``). They are what `content` has beyond the span's scalars.
    public let content: String
    /// The headings it stands under, outermost first, without markup; for several sections, what they share.
    public let headingPath: [String]
    /// The first scalar of its own text: for a continued table that of the first row. Ascends strictly from chunk to chunk.
    public let charStart: Int
    /// One past the last scalar. Greater than the next chunk's `charStart` only where a section is cut.
    public let charEnd: Int
    /// The page it begins on; nil for sources without pages.
    public let pageFrom: Int?
    /// The page its last block begins on; nil for sources without pages.
    public let pageTo: Int?
    /// The tokens of `content`, the head of a continued table included; at most the configuration's maximum.
    public let tokenCount: Int
    /// What a reader of `content` alone would miss: the document's title and the headings that do not stand in it; one line without
    /// markup, may be empty.
    public let context: String

    /// What is embedded in place of `content`: the same with its context in front.
    public var embeddingText: String { Self.embeddingText(of: content, in: context) }

    /// What is embedded in place of a passage's content.
    public static func embeddingText(of content: String, in context: String) -> String {
        context.isEmpty ? content : context + "\n\n" + content
    }
}
