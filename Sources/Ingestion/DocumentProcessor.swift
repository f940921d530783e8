import Domain
public import Embeddings
public import Extraction
import Foundation
public import Storage

/// Turns a document's bytes into passages with vectors.
public struct DocumentProcessor: Sendable {
    private let extractor: TextExtractor
    private let chunker: Chunker
    private let embedder: MeteredEmbedder

    /// - Parameter usage: takes down each call of the embedder.
    public init(
        extractor: TextExtractor = .init(), chunker: Chunker = .init(), embedder: any EmbeddingProvider, usage: UsageRecorder
    ) {
        self.extractor = extractor
        self.chunker = chunker
        self.embedder = MeteredEmbedder(embedder, usage)
    }

    /// Extracts, cuts and embeds.
    /// - Throws: `ExtractionError` when the file is at fault, `unavailable` or `bad_gateway` when the embedder is, `CancellationError`.
    @concurrent
    func process(_ bytes: [UInt8], fileName: String, for owner: UsageOwner) async throws -> ProcessedFile {
        let document = try extractor.extract(bytes, fileName: fileName)
        let chunks = try chunker.chunks(of: document)
        try Task.checkCancellation()
        let vectors = try await embedder.vectors(of: chunks.map(\.embeddingText), for: owner)
        return ProcessedFile(
            mediaType: document.mediaType.rawValue,
            sourceType: document.mediaType.shortName,
            title: document.title,
            embeddingModel: embedder.model.id,
            chunks: zip(chunks, vectors).map(KnowledgeDraft.init))
    }
}

extension KnowledgeDraft {
    fileprivate init(_ chunk: Chunk, _ vector: [Float]) {
        self.init(
            ordinal: chunk.ordinal, content: chunk.content, headingPath: chunk.headingPath, pageFrom: chunk.pageFrom, pageTo: chunk.pageTo,
            charStart: chunk.charStart, charEnd: chunk.charEnd, tokenCount: chunk.tokenCount,
            contentSHA256: ContentStore.digest(of: Array(chunk.content.utf8)), embedding: vector)
    }
}
