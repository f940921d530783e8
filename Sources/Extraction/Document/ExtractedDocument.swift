/// A source file as structured text: what every extractor produces and what ``Chunker`` reads.
///
/// `text` is the decoded source: byte order mark removed, line ends `\n`, Unicode NFC. Every position is an offset in Unicode
/// scalars into `text`.
public struct ExtractedDocument: Sendable, Equatable {
    /// What the source was read as.
    public let mediaType: MediaType
    /// The title the document gives itself (front matter, else its first heading of level 1); plain text, never blank.
    public let title: String?
    /// The decoded text; for Markdown the Markdown source itself, so that passages can be quoted as they stand.
    public let text: String
    /// The blocks in source order, not overlapping. Every non-blank scalar of `text` lies in exactly one block.
    public let blocks: [Block]
}

/// One structural piece of a document: whole lines without the white space around them.
public struct Block: Sendable, Equatable {
    /// What a block is, and with it where it may be cut.
    public enum Kind: Sendable, Equatable {
        /// Starts a section. Levels begin at 1 and may skip.
        case heading(level: Int)
        /// Running text; lines may be wrapped anywhere.
        case paragraph
        /// One item of a list with its continuation lines, without the nested items, which are blocks of their own.
        case listItem
        /// Two lines of head (titles, then `---|---`) and one line for each row.
        case table
        /// Code or other text whose lines mean something, with its fences.
        case code
        /// A quotation, with its `>` marks.
        case quote
        /// Raw HTML.
        case html
        /// A rule between two parts.
        case thematicBreak
        /// The place where a new page begins.
        case pageBreak
        /// Metadata in front of the text (YAML between `---` lines): not part of the content, never in a chunk.
        case frontMatter
    }

    /// What the block is.
    public let kind: Kind
    /// Where it stands: Unicode scalar offsets into the document's `text`, never empty except for a page break.
    public let range: Range<Int>
    /// The page it begins on, from 1; nil for sources without pages.
    public let page: Int?
    /// For a heading, its words without markup; nil for every other kind.
    public let headingText: String?
}
