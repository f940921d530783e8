/// A source file as structured text: what every extractor produces and what ``Chunker`` reads.
///
/// The text is the decoded source: byte order mark removed, line ends `\n`, Unicode NFC. Every position is an offset in Unicode
/// scalars into it. In memory a document takes the bytes of its text in UTF-8 and 32 bytes for each block.
public struct ExtractedDocument: Sendable, Equatable {
    /// What the source was read as.
    public let mediaType: MediaType
    /// The title the document gives itself (front matter, else its first heading of level 1 with words); plain text, never blank.
    public let title: String?
    /// The blocks in source order, not overlapping. Every non-blank scalar of `text` lies in exactly one block.
    public let blocks: [Block]
    /// The text as this room works with it; the only copy a document holds.
    let source: SourceText

    /// The decoded text; for Markdown the Markdown source itself, so that passages can be quoted as they stand.
    ///
    /// Made anew for each call: takes time and memory in proportion to the text.
    public var text: String {
        source.string(0..<source.bytes.count)
    }

    init(mediaType: MediaType, title: String?, source: SourceText, blocks: [Block]) {
        self.mediaType = mediaType
        self.title = title
        self.source = source
        self.blocks = blocks
    }

    init(mediaType: MediaType, title: String?, text: String, blocks: [Block]) {
        self.init(mediaType: mediaType, title: title, source: SourceText(text), blocks: blocks)
    }

    /// A document whose title, when its source gives none, is its first heading of level 1 with words.
    init(_ mediaType: MediaType, source: SourceText, blocks: [Block], title: String? = nil) {
        let given = title ?? blocks.first { $0.kind == .heading(level: 1) && $0.headingText?.isEmpty == false }?.headingText
        self.init(mediaType: mediaType, title: given, source: source, blocks: blocks)
    }

    /// The same for a text that no reader holds as ``SourceText``.
    init(_ mediaType: MediaType, text: String, blocks: [Block], title: String? = nil) {
        self.init(mediaType, source: SourceText(text), blocks: blocks, title: title)
    }
}
