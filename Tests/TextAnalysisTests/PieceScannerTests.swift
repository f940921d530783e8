import Foundation
import Testing

@testable import TextAnalysis

/// The scanner against the regular expressions it stands for.
@Suite struct PieceScannerTests {
    /// A pattern and its expression as published, but for `\s` and `$`, which Foundation's engine reads otherwise.
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let pattern: SplitPattern
        let expression: String
    }

    private static let space = #"[\p{White_Space}]"#
    private static let sign = #"[^\p{White_Space}\p{L}\p{N}]"#
    private static let spaces = #"\#(space)*[\r\n]+|\#(space)+(?![^\p{White_Space}])|\#(space)+"#
    private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    private static let capital = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    private static let small = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#

    private static let cases = [
        Case(
            testDescription: "gpt2", pattern: .gpt2,
            expression: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?\#(sign)+|\#(space)+(?![^\p{White_Space}])|\#(space)+"#),
        Case(
            testDescription: "cl100k", pattern: .cl100k,
            expression:
                #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?\#(sign)++[\r\n]*+|\#(space)++\z|\#(space)*[\r\n]|"#
                + #"\#(space)+(?![^\p{White_Space}])|\#(space)"#),
        Case(
            testDescription: "llama3", pattern: .llama3,
            expression: #"\#(contractions)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?\#(sign)+[\r\n]*|\#(spaces)"#),
        Case(
            testDescription: "qwen2", pattern: .qwen2,
            expression: #"\#(contractions)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?\#(sign)+[\r\n]*|\#(spaces)"#),
        Case(
            testDescription: "o200k", pattern: .o200k,
            expression:
                #"[^\r\n\p{L}\p{N}]?\#(capital)*\#(small)+\#(contractions)?|[^\r\n\p{L}\p{N}]?\#(capital)+\#(small)*\#(contractions)?|"#
                + #"\p{N}{1,3}| ?\#(sign)+[\r\n/]*|\#(spaces)"#),
    ]

    private static let parts = [
        "a", "B", "ſ", "'s", "'S", "'ſ", "'ll", "'RE", "'", " ", "  ", "\n", "\r\n", "\t", "\u{A0}", "\u{3000}", "\u{301}", "é", "1",
        "2234", "٣",
        "Ⅷ", "漢", "かな", "カ", "한국", "!", "?/", "//\n", "...", "🙂", "ǅ", "ʰ", "_", "\u{200B}", "𝐀", "𝟘", "𐐀", "𐐨", "İ", "\u{2028}", "\u{85}",
        "$", "Don't", "HTTPServer", "iOS", "'D", "'VE",
    ]

    @Test(arguments: cases) func cutsAsTheExpressionDoes(test: Case) throws {
        let expression = try NSRegularExpression(pattern: test.expression)
        let scanner = PieceScanner(test.pattern)
        var random = SplitMix(state: 11)
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 1...20, using: &random)).map { _ in Self.parts.randomElement(using: &random) ?? "" }.joined()
            let whole = NSRange(location: 0, length: text.utf16.count)
            let expected = expression.matches(in: text, range: whole).map { (text as NSString).substring(with: $0.range) }
            #expect(pieces(of: text, scanner) == expected.map { Array($0.utf8) }, "\(text.debugDescription)")
        }
    }

    private func pieces(of text: String, _ scanner: PieceScanner) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = scanner.end(ofPieceAt: start, in: bytes.span)
            pieces.append(Array(bytes[start..<end]))
            start = end
        }
        return pieces
    }

    @Test func expressionsOfTokenizerFilesAreKnown() {
        let known = [
            #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
        ]
        #expect(known.map(SplitPattern.named(byExpression:)) == [.gpt2, .llama3, .qwen2])
        #expect(SplitPattern.named(byExpression: #"\p{N}{1,3}"#) == nil)
    }
}
