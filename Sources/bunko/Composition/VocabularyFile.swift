import Crypto
import Domain
import Extraction
import Foundation
import TextAnalysis

/// The vocabulary that `chunking.tokenizer` names, and its prepared form in the data folder.
///
/// Reading `tokenizer.json` takes up to seconds, and every PDF and every large text is read by a process of its own, which would take them
/// again. So the tables are laid down once, under a name that follows from the vocabulary; such a process reads them in some milliseconds.
struct VocabularyFile: Sendable {
    private let folder: String
    /// Tells vocabularies apart: a digest of the file, and of its name, which may say how it splits text.
    let digest: String
    /// Nil where its prepared form stands in the folder already.
    private let tokenizer: BytePairTokenizer?

    /// Vocabularies of language models have up to 40 MB; what is much larger is another file.
    private static let largest = 256 << 20

    /// Reads and checks the vocabulary; changes nothing.
    /// - Throws: `configuration` for a file that is missing, no vocabulary, or damaged.
    init(of source: String, in dataDirectory: String) throws(Problem) {
        folder = Self.folder(in: dataDirectory)
        let name = (source as NSString).lastPathComponent
        let content = try Self.content(of: source)
        var hash = SHA256()
        hash.update(data: Data("\(name.lowercased())\0".utf8))
        hash.update(data: content)
        digest = Array(hash.finalize()).hexadecimal
        do throws(VocabularyError) {
            tokenizer = Self.isPrepared("\(folder)/\(digest)") ? nil : try BytePairTokenizer(Array(content), fileName: name)
        } catch {
            throw Problem(
                .configuration, code: "tokenizer_damaged",
                "chunking.tokenizer is \(source), which is no vocabulary that can be used: "
                    + "\(error.line.map { "in line \($0) " } ?? "")\(error.reason).",
                remedy: error.remedy, parameter: "chunking.tokenizer", underlying: error)
        }
    }

    /// The path of the prepared form, which is written if need be.
    func prepared() throws(Problem) -> String {
        let path = "\(folder)/\(digest)"
        guard let tokenizer else { return path }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try Data(tokenizer.prepared).write(to: URL(filePath: path), options: .atomic)
            return path
        } catch {
            throw Problem(
                .environment, code: "vocabulary_not_written",
                "The vocabulary of chunking.tokenizer cannot be written to \(path): \(error.localizedDescription)",
                remedy: "Check the folder's permissions and free space.", underlying: error)
        }
    }

    /// The prepared form of the vocabulary with this digest: from the data folder, or of the one the settings name; nil for neither.
    static func prepared(_ digest: String, _ settings: Settings) throws(Problem) -> String? {
        let path = "\(folder(in: settings.dataDirectory))/\(digest)"
        if isPrepared(path) { return path }
        guard let source = settings.tokenizer else { return nil }
        let named = try VocabularyFile(of: source, in: settings.dataDirectory)
        return named.digest == digest ? try named.prepared() : nil
    }

    /// A reader by these options, whose vocabulary was prepared.
    static func reader(_ options: ReadingOptions) throws(Problem) -> DocumentReader {
        do throws(VocabularyError) {
            return try DocumentReader(options: options)
        } catch {
            throw Problem(
                .environment, code: "vocabulary_unreadable", "\(error)", remedy: "Check the data folder's permissions and its disk.",
                underlying: error)
        }
    }

    private static func folder(in dataDirectory: String) -> String { "\(dataDirectory)/vocabularies" }

    private static func isPrepared(_ path: String) -> Bool {
        guard FileManager.default.fileExists(atPath: path) else { return false }
        // What cannot be read is laid down anew.
        return (try? BytePairTokenizer(preparedFile: path)) != nil
    }

    private static func content(of path: String) throws(Problem) -> Data {
        do {
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            guard size <= largest else { throw CocoaError(.fileReadTooLarge) }
            return try Data(contentsOf: URL(filePath: path))
        } catch {
            throw Problem(
                .configuration, code: "tokenizer_unreadable",
                "chunking.tokenizer is \(path), which cannot be read: \(error.localizedDescription)",
                remedy: "Name a .tiktoken or tokenizer.json file that is there, or leave the setting out: tokens are then estimated.",
                parameter: "chunking.tokenizer", underlying: error)
        }
    }
}
