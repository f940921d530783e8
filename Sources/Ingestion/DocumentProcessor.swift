import Domain
public import Extraction
import Storage

/// Reads documents and cuts them into passages: small texts in this process, all else in one of its own.
public struct DocumentProcessor: Sendable {
    private let isolated: IsolatedReader
    private let options: ReadingOptions

    /// Above this many bytes a text is read in a process of its own, too, so that this one's memory does not follow the file's size.
    private static let largestHere = 1 << 20

    public init(isolated: IsolatedReader, options: ReadingOptions = .init()) {
        self.isolated = isolated
        self.options = options
    }

    /// - Throws: `ExtractionError` when the file is at fault, `ReaderProcessError`, `CancellationError`.
    @concurrent
    func read(_ bytes: [UInt8], fileName: String) async throws -> ReadDocument {
        let isReadHere = try bytes.count <= Self.largestHere && !MediaType.detect(bytes: bytes, fileName: fileName).isReadInIsolation
        guard !isReadHere else { return try DocumentReader(options: options).read(bytes, fileName: fileName) }
        return try await isolated.read(bytes, fileName: fileName, options: options)
    }
}
