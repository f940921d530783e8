import Foundation
import Testing
import TextAnalysis

private let vocabularyFolder = ProcessInfo.processInfo.environment["BUNKO_TEST_TIKTOKEN"].flatMap { $0.isEmpty ? nil : $0 }

/// The estimate and the tokenizer against cl100k and o200k, where the variable BUNKO_TEST_TIKTOKEN names a folder that holds both: by
/// their own names, or by those that tiktoken's cache and PyPI's litellm give them.
@Suite(.enabled(if: vocabularyFolder != nil, "BUNKO_TEST_TIKTOKEN names no folder with cl100k_base.tiktoken and o200k_base.tiktoken"))
struct RealVocabularyTests {
    private static let handbook = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "datasets/handbook")

    private let cl100k: BytePairTokenizer
    private let o200k: BytePairTokenizer

    init() throws {
        cl100k = try Self.vocabulary("cl100k_base.tiktoken", "9b5ad71b2ce5302211f9c61530b329a4922fc6a4")
        o200k = try Self.vocabulary("o200k_base.tiktoken", "fb374d419588a4632f3f557e76b4b70aebbca790")
    }

    private static func vocabulary(_ names: String...) throws -> BytePairTokenizer {
        let paths = names.map { "\(vocabularyFolder ?? "")/\($0)" }
        let path = try #require(paths.first(where: FileManager.default.fileExists), "\(paths) do not exist")
        return try BytePairTokenizer(Array(Data(contentsOf: URL(fileURLWithPath: path))), fileName: names[0])
    }

    /// Counts by Python's tiktoken 0.14.
    @Test(arguments: [
        ("The harbour office opens at seven.", 7, 7), ("immunohistochemistry of the Qxzvky", 11, 11),
        ("It's 12345 o'clock, WE'LL see…\n\n  x = {}", 17, 16),
        ("배는 사십 분마다 떠납니다.", 16, 10), ("港の事務所は朝七時に開きます。", 18, 14), ("| Route | Price |\n|---|---|\n| North | 12.50 |\n", 18, 18),
    ])
    func countsAreExact(text: String, ofCl100k: Int, ofO200k: Int) {
        #expect(cl100k.count(text) == ofCl100k)
        #expect(o200k.count(text) == ofO200k)
    }

    @Test(arguments: ["en", "ko", "ja"]) func theEstimateIsNeverFarUnder(language: String) throws {
        let files = try FileManager.default.subpathsOfDirectory(atPath: Self.handbook.appending(path: language).path).filter {
            $0.contains(".")
        }
        #expect(files.count >= 9)
        for file in files {
            let text = try String(contentsOf: Self.handbook.appending(path: "\(language)/\(file)"), encoding: .utf8)
            // Whole files, and pieces of about a passage.
            let paragraphs = text.components(separatedBy: "\n\n")
            let pieces = stride(from: 0, to: paragraphs.count, by: 6).map {
                paragraphs[$0..<min($0 + 6, paragraphs.count)].joined(separator: "\n\n")
            }
            for piece in [text] + pieces where piece.utf8.count > 200 {
                let exact = max(cl100k.count(piece), o200k.count(piece))
                let ratio = Double(TokenEstimator().count(piece)) / Double(exact)
                #expect((0.95...1.3).contains(ratio), "\(file): \(ratio) of \(exact)")
            }
        }
    }
}
