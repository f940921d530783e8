import Foundation
import Testing
import TextAnalysis

/// cl100k and o200k, where the variable BUNKO_TEST_TIKTOKEN names a folder that holds both: by their own names, or by those that
/// tiktoken's cache and PyPI's litellm give them.
struct RealVocabularies: Sendable {
    let cl100k: BytePairTokenizer
    let o200k: BytePairTokenizer

    static let folder = variable("BUNKO_TEST_TIKTOKEN")
    static let absence: Comment = "BUNKO_TEST_TIKTOKEN names no folder with cl100k_base.tiktoken and o200k_base.tiktoken"
    private static let both = Result { try RealVocabularies() }

    /// Read once: in a debug build that takes seconds.
    static func shared() throws -> RealVocabularies {
        try both.get()
    }

    private init() throws {
        cl100k = try Self.vocabulary("cl100k_base.tiktoken", "9b5ad71b2ce5302211f9c61530b329a4922fc6a4")
        o200k = try Self.vocabulary("o200k_base.tiktoken", "fb374d419588a4632f3f557e76b4b70aebbca790")
    }

    private static func vocabulary(_ names: String...) throws -> BytePairTokenizer {
        let paths = names.map { "\(folder ?? "")/\($0)" }
        let path = try #require(paths.first(where: FileManager.default.fileExists), "\(paths) do not exist")
        return try BytePairTokenizer(Array(Data(contentsOf: URL(fileURLWithPath: path))), fileName: names[0])
    }

    /// The tokens of a text by each vocabulary and by the estimate.
    struct Counts {
        let cl100k: Int
        let o200k: Int
        let estimate: Int

        /// The estimate in proportion to the larger of the two counts.
        var ratio: Double { Double(estimate) / Double(max(cl100k, o200k)) }
    }

    func counts(of text: String) -> Counts {
        Counts(cl100k: cl100k.count(text), o200k: o200k.count(text), estimate: TokenEstimator().count(text))
    }

    /// Pieces of about a passage: six paragraphs each.
    static func passages(of text: String) -> [String] {
        let paragraphs = text.components(separatedBy: "\n\n")
        return stride(from: 0, to: paragraphs.count, by: 6).map {
            paragraphs[$0..<min($0 + 6, paragraphs.count)].joined(separator: "\n\n")
        }
    }

    static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
