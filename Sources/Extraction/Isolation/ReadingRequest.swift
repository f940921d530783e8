import TextAnalysis

/// How a document is to be read and cut.
public struct ReadingOptions: Sendable, Equatable, Codable {
    public var limits: ExtractionLimits
    public var chunking: ChunkingConfiguration
    /// The languages of text recognition in pages that are pictures, as tesseract names them (`eng`, `jpn`); empty: none is tried.
    public var ocrLanguages: [String]
    /// The path of a file with a vocabulary's prepared form (`BytePairTokenizer.prepared`), whose tokens passages are measured in; nil:
    /// tokens are estimated. A path and not the vocabulary itself, so that a process of its own can be told.
    public var vocabulary: String?

    public init(
        limits: ExtractionLimits = .init(), chunking: ChunkingConfiguration = .init(), ocrLanguages: [String] = [],
        vocabulary: String? = nil
    ) {
        self.limits = limits
        self.chunking = chunking
        self.ocrLanguages = ocrLanguages
        self.vocabulary = vocabulary
    }

    /// Reads the vocabulary.
    func counter() throws(VocabularyError) -> TokenCounter {
        guard let vocabulary else { return .estimate }
        return TokenCounter(try BytePairTokenizer(preparedFile: vocabulary))
    }
}

/// A document that has been read: what it is, and its passages.
public struct ReadDocument: Sendable, Equatable {
    public let mediaType: MediaType
    public let title: String?
    public let chunks: [Chunk]

    public init(mediaType: MediaType, title: String?, chunks: [Chunk]) {
        self.mediaType = mediaType
        self.title = title
        self.chunks = chunks
    }
}

/// What one process may use for one document. The programs it starts have the same limits, each for itself.
public struct ReaderLimits: Sendable, Equatable, Codable {
    /// Private memory, in bytes.
    public var memoryBytes = 1 << 30
    /// Processor time, in seconds.
    public var processorSeconds = 120
    /// Time from the start to the end, in seconds.
    public var seconds = 300
    /// What it may answer, in bytes.
    public var outputBytes = 1 << 29
    /// The largest file it may write (pictures of pages for text recognition), in bytes.
    public var fileBytes = 1 << 28
    /// Files open at a time.
    public var openFiles = 64

    public init() {}
}

/// What the process is asked, as its argument.
struct ReadingRequest: Codable {
    let fileName: String
    let options: ReadingOptions
    let limits: ReaderLimits
}

/// What the process answers, one line of JSON each: a document, its passages and the end; or a failure.
enum ReadingFrame: Codable {
    case document(mediaType: MediaType, title: String?)
    case chunk(Chunk)
    case end(chunks: Int)
    case failure(ExtractionError)
}
