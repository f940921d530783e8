import Domain
public import Extraction
import TextAnalysis

/// Reads documents and cuts them into passages: small texts in this process, all else in one of its own.
public struct DocumentProcessor: Sendable {
    private let isolated: IsolatedReader
    private let reader: DocumentReader

    /// Above this many bytes a text is read in a process of its own, too, so that this one's memory does not follow the file's size.
    static let largestHere = 1 << 20

    /// - Parameter reader: reads in this process; what it is told, the processes of their own are told as well.
    public init(isolated: IsolatedReader, reader: DocumentReader = .init()) {
        self.isolated = isolated
        self.reader = reader
    }

    var options: ReadingOptions { reader.options }

    /// What a token is for the sizes of passages.
    var counter: TokenCounter { reader.counter }

    /// Reads a document whose bytes are at hand.
    /// - Throws: `ExtractionError` when the file is at fault, `ReaderProcessError`, `ReaderKilled`, `CancellationError`.
    @concurrent
    public func read(_ bytes: [UInt8], fileName: String) async throws -> ReadDocument {
        if let document = try await readHere(bytes, fileName: fileName) { return document }
        return try await isolated.read(bytes, fileName: fileName, options: options)
    }

    /// Reads an open file from its beginning, in a process of its own.
    /// - Throws: as ``read(_:fileName:)``.
    func read(_ descriptor: Int32, fileName: String) async throws -> ReadDocument {
        try await isolated.read(descriptor, fileName: fileName, options: options)
    }

    /// Nil for what is not read in this process.
    @concurrent
    func readHere(_ bytes: [UInt8], fileName: String) async throws -> ReadDocument? {
        guard bytes.count <= Self.largestHere, try !MediaType.detect(bytes: bytes, fileName: fileName).isReadInIsolation else { return nil }
        return try reader.read(bytes, fileName: fileName)
    }
}
