import TextAnalysis

/// Cuts a document into passages by its structure.
public struct Chunker: Sendable {
    private let configuration: ChunkingConfiguration

    /// A chunker for sizes that are checked when it is used.
    public init(configuration: ChunkingConfiguration = .init()) {
        self.configuration = configuration
    }

    /// The passages of `document` in source order.
    ///
    /// Every non-blank scalar outside front matter lies in at least one; only where a section is cut do two overlap. A passage
    /// never spans two top headings. The same document gives the same passages. Takes time in proportion to the text.
    /// - Throws: ``ChunkingError`` for a configuration that contradicts itself; `CancellationError` when the task is cancelled.
    public func chunks(of document: ExtractedDocument) throws -> [Chunk] {
        try configuration.validate()
        let source = SourceText(document.text)
        let sections = DocumentSection.sections(of: document.blocks)
        let units = try UnitCutter(source: source, limit: configuration.targetTokens).units(of: document.blocks, in: sections)
        let packer = UnitPacker(units: units, source: source, configuration: configuration)
        let writer = ChunkWriter(document: document, sections: sections, units: units, source: source, configuration: configuration)
        var chunks: [Chunk] = []
        for group in SectionMerger(configuration: configuration).groups(of: sections, units: units) {
            try Task.checkCancellation()
            for span in packer.spans(of: group) {
                chunks.append(writer.chunk(span, ordinal: chunks.count))
            }
        }
        return chunks
    }
}
