import Foundation
import Testing
import TextAnalysis

/// The estimate and the tokenizer against cl100k and o200k.
@Suite(.enabled(if: RealVocabularies.folder != nil, RealVocabularies.absence))
struct RealVocabularyTests {
    private static let handbook = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "datasets/handbook")

    /// Counts by Python's tiktoken 0.14.
    @Test(arguments: [
        ("The harbour office opens at seven.", 7, 7), ("immunohistochemistry of the Qxzvky", 11, 11),
        ("It's 12345 o'clock, WE'LL see…\n\n  x = {}", 17, 16),
        ("배는 사십 분마다 떠납니다.", 16, 10), ("港の事務所は朝七時に開きます。", 18, 14), ("| Route | Price |\n|---|---|\n| North | 12.50 |\n", 18, 18),
    ])
    func countsAreExact(text: String, ofCl100k: Int, ofO200k: Int) throws {
        let vocabularies = try RealVocabularies.shared()
        #expect(vocabularies.cl100k.count(text) == ofCl100k)
        #expect(vocabularies.o200k.count(text) == ofO200k)
    }

    @Test(arguments: ["en", "ko", "ja"]) func theEstimateIsNeverFarUnder(language: String) throws {
        let vocabularies = try RealVocabularies.shared()
        let files = try FileManager.default.subpathsOfDirectory(atPath: Self.handbook.appending(path: language).path).filter {
            $0.contains(".")
        }
        #expect(files.count >= 9)
        for file in files {
            let text = try String(contentsOf: Self.handbook.appending(path: "\(language)/\(file)"), encoding: .utf8)
            for piece in [text] + RealVocabularies.passages(of: text) where piece.unicodeScalars.count >= 200 {
                let ratio = vocabularies.counts(of: piece).ratio
                #expect((0.95...1.2).contains(ratio), "\(file): \(ratio) at \(piece.prefix(60))")
            }
        }
    }
}
