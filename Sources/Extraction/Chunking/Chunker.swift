public import TextAnalysis

/// Cuts a document into passages by its structure.
public struct Chunker: Sendable {
    private let configuration: ChunkingConfiguration
    private let counter: TokenCounter

    /// A chunker for sizes that are checked when it is used.
    /// - Parameter counter: what a token is, for all sizes.
    public init(configuration: ChunkingConfiguration = .init(), counter: TokenCounter = .estimate) {
        self.configuration = configuration
        self.counter = counter
    }

    /// The passages of `document` in source order, all at once; see ``forEachChunk(of:_:)``.
    public func chunks(of document: ExtractedDocument) throws -> [Chunk] {
        var chunks: [Chunk] = []
        try forEachChunk(of: document) { chunks.append($0) }
        return chunks
    }

    /// Hands out the passages of `document` one by one, in source order.
    ///
    /// Every non-blank scalar outside front matter lies in at least one; only where a section is cut do two overlap. A passage
    /// never spans two top headings. The same document gives the same passages. Takes time in proportion to the text, and memory in
    /// proportion to a passage, whatever the document's size.
    /// - Throws: ``ChunkingError`` for a configuration that contradicts itself; `CancellationError` when the task is cancelled; what
    ///   `body` throws, which ends the work.
    public func forEachChunk(of document: ExtractedDocument, _ body: (Chunk) throws -> Void) throws {
        try configuration.validate()
        let input = ChunkingInput(document: document, configuration: configuration, counter: counter)
        var ordinal = 0
        for sections in SectionGroups(input) {
            let writer = ChunkWriter(input, sections: sections)
            for passage in IteratorSequence(UnitPacker(UnitReader(input, sections: sections), input)) {
                try Task.checkCancellation()
                try body(writer.chunk(passage, ordinal: ordinal))
                ordinal += 1
            }
        }
    }
}
