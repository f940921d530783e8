import Domain
import Extraction
import Ingestion
import TextAnalysis

/// What importing a document would come to, found on this machine as the server would find it.
struct DocumentPreview: Sendable {
    struct Figures: Sendable, Equatable {
        let chunks: Int
        /// What would be embedded, estimated as the server's account is.
        let tokens: Int
    }

    /// Of a file's bytes and its name; nil for a type that is not read here.
    /// - Throws: ``FileFault`` for what the server would fail on.
    let figures: @Sendable (_ bytes: [UInt8], _ fileName: String) async throws -> Figures?
    /// Whether passages are cut here as on the server; else their sizes are estimated, as its vocabulary is not on this machine.
    var isExact = true

    /// Reads as the server does: small texts in this process, all else in processes of their own, which are this program.
    /// - Parameters:
    ///   - reading: what the server tells of itself.
    ///   - vocabulary: the prepared form of a vocabulary of that name, as a file.
    /// - Throws: `environment` when the vocabulary cannot be read.
    static func asServer(_ reading: LimitsAnswer.Reading?, vocabulary: (String) throws -> String?) throws -> DocumentPreview {
        var options = ReadingOptions(limits: Settings.readingLimits)
        if let reading {
            options.chunking.targetTokens = reading.target_tokens
            options.ocrLanguages = reading.ocr_languages
            options.vocabulary = try reading.vocabulary.flatMap(vocabulary)
        }
        let processor = DocumentProcessor(
            isolated: IsolatedReader(command: ReadDocument.command), reader: try VocabularyFile.reader(options))
        return DocumentPreview(
            figures: { try await figures(of: $0, $1, by: processor) },
            isExact: (options.vocabulary == nil) == (reading?.vocabulary == nil))
    }

    private static func figures(of bytes: [UInt8], _ fileName: String, by processor: DocumentProcessor) async throws -> Figures? {
        do {
            let chunks = try await processor.read(bytes, fileName: fileName).chunks
            let estimator = TokenEstimator()
            return Figures(chunks: chunks.count, tokens: chunks.reduce(0) { $0 + estimator.count($1.embeddingText) })
        } catch ExtractionError.programMissing {
            // The server may have the program.
            return nil
        } catch let error as ExtractionError {
            throw FileFault(error)
        } catch let error as ReaderProcessError {
            throw Problem(
                .environment, code: "reader_unavailable", "No process can be started to read the files.", underlying: error)
        }
    }
}
