import Extraction
import TextAnalysis

/// What importing a document would come to, found on this machine without a server.
struct DocumentPreview: Sendable {
    struct Figures: Sendable, Equatable {
        let chunks: Int
        /// What would be embedded, estimated.
        let tokens: Int
    }

    /// Of a file's bytes and its name; nil for a type that is not read here. Computes for long; call it off the cooperative pool.
    /// - Throws: ``FileFault`` for what the server would fail on.
    let figures: @Sendable (_ bytes: [UInt8], _ fileName: String) throws -> Figures?

    /// Reads the types whose parsers need no process of their own.
    static let inProcess = DocumentPreview { bytes, fileName in
        do {
            guard try !MediaType.detect(bytes: bytes, fileName: fileName).isReadInIsolation else { return nil }
            let limits = ExtractionLimits(maximumBytes: max(bytes.count, 1))
            return try Figures(of: TextExtractor(limits: limits).extract(bytes, fileName: fileName))
        } catch let error as ExtractionError {
            throw FileFault(error)
        }
    }
}

extension DocumentPreview.Figures {
    init(of document: ExtractedDocument) throws {
        let chunks = try Chunker().chunks(of: document)
        let estimator = TokenEstimator()
        self.init(chunks: chunks.count, tokens: chunks.reduce(0) { $0 + estimator.count($1.embeddingText) })
    }
}
