import TextAnalysis

/// What every step of cutting a document looks at.
struct ChunkingInput {
    let document: ExtractedDocument
    let configuration: ChunkingConfiguration
    let counter: TokenCounter

    var source: SourceText { document.source }

    /// The tokens of a range of bytes.
    func tokens(_ bytes: Range<Int>) -> Int {
        counter.count(document.source.bytes[bytes])
    }

    /// The bytes of a block.
    func bytes(ofBlock block: Int) -> Range<Int> {
        document.source.byteOffsets(of: document.blocks[block].range)
    }

    /// Whether a block's text is part of passages.
    func isContent(_ block: Int) -> Bool {
        document.blocks[block].kind != .frontMatter && !document.blocks[block].range.isEmpty
    }
}
