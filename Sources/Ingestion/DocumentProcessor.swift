import Domain
public import Embeddings
public import Extraction
import Foundation
import Storage

/// Turns a document's bytes into passages with vectors.
public struct DocumentProcessor: Sendable {
    private let extractor: TextExtractor
    private let chunker: Chunker
    private let embedder: any EmbeddingProvider

    public init(extractor: TextExtractor = .init(), chunker: Chunker = .init(), embedder: any EmbeddingProvider) {
        self.extractor = extractor
        self.chunker = chunker
        self.embedder = embedder
    }

    /// Extracts, cuts and embeds.
    /// - Throws: `ExtractionError` when the file is at fault, `EmbeddingError` when the embedder is, `CancellationError`.
    @concurrent
    func process(_ bytes: [UInt8], fileName: String) async throws -> ProcessedFile {
        let document = try extractor.extract(bytes, fileName: fileName)
        let chunks = try chunker.chunks(of: document)
        try Task.checkCancellation()
        let vectors = try await embedder.embed(chunks.map(\.embeddingText), purpose: .passage)
        guard vectors.count == chunks.count else {
            throw Problem(
                .unavailable, code: "embedding_count",
                "The embedding model \(embedder.model.id) answered \(vectors.count) vectors for \(chunks.count) texts.")
        }
        return ProcessedFile(
            mediaType: document.mediaType.rawValue,
            sourceType: document.mediaType.shortName,
            title: document.title,
            embeddingModel: embedder.model.id,
            chunks: zip(chunks, vectors).map(KnowledgeDraft.init))
    }
}

extension MediaType {
    /// What filters call it.
    fileprivate var shortName: String {
        switch self {
        case .plainText: "txt"
        case .markdown: "md"
        }
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
