/// One structural piece of a document: whole lines without the white space around them.
///
/// 32 bytes, and for a heading its words: a text of a million paragraphs has a million of these. Positions and pages are limited to
/// 32 bits, as the tables of passages are.
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

    /// The words of a heading, stored apart so that all other blocks need not have room for them.
    private indirect enum HeadingWords: Sendable, Equatable {
        case none
        case words(String)
    }

    /// What the block is.
    public let kind: Kind
    private let start: UInt32
    private let end: UInt32
    /// 0 for sources without pages.
    private let pageNumber: UInt32
    private let heading: HeadingWords

    init(kind: Kind, range: Range<Int>, page: Int?, headingText: String?) {
        self.kind = kind
        start = UInt32(range.lowerBound)
        end = UInt32(range.upperBound)
        pageNumber = UInt32(page ?? 0)
        heading = headingText.map(HeadingWords.words) ?? .none
    }

    /// Where it stands: Unicode scalar offsets into the document's `text`, never empty except for a page break.
    public var range: Range<Int> {
        Int(start)..<Int(end)
    }

    /// The page it begins on, from 1; nil for sources without pages.
    public var page: Int? {
        pageNumber == 0 ? nil : Int(pageNumber)
    }

    /// For a heading, its words without markup; nil for every other kind.
    public var headingText: String? {
        guard case .words(let words) = heading else { return nil }
        return words
    }
}
