public import TextAnalysis

/// Reads and cuts a document of any format, in this process.
public struct DocumentReader: Sendable {
    public let options: ReadingOptions
    /// What a token is for the sizes of passages.
    public let counter: TokenCounter

    /// A reader by the product's own sizes, in estimated tokens.
    public init() {
        options = ReadingOptions()
        counter = .estimate
    }

    /// Reads the vocabulary the options name, some milliseconds: one reader serves many documents.
    public init(options: ReadingOptions) throws(VocabularyError) {
        self.options = options
        counter = try options.counter()
    }

    var chunker: Chunker { Chunker(configuration: options.chunking, counter: counter) }

    /// Reads `bytes` as what their content and then `fileName` say they are.
    ///
    /// What ``MediaType/isReadInIsolation`` belongs into a process of its own: ``IsolatedReader``.
    /// - Throws: ``ExtractionError`` when the file is at fault, ``ChunkingError``, `CancellationError`.
    public func read(_ bytes: [UInt8], fileName: String) throws -> ReadDocument {
        let document = try read(bytes, path: nil, fileName: fileName)
        let chunks = try chunker.chunks(of: document)
        return ReadDocument(mediaType: document.mediaType, title: document.title, chunks: chunks)
    }

    /// - Parameter path: where the same bytes stand as a file, for programs that read it themselves; without one a PDF is refused.
    func read(_ bytes: [UInt8], path: String?, fileName: String) throws(ExtractionError) -> ExtractedDocument {
        if let path, try MediaType.detect(bytes: bytes, fileName: fileName) == .pdf {
            return try PDFReader(ocrLanguages: options.ocrLanguages).read(path: path)
        }
        return try TextExtractor(limits: options.limits).extract(bytes, fileName: fileName)
    }
}
