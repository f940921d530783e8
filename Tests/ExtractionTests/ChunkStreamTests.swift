import TextAnalysis
import Testing

@testable import Extraction

/// Passages handed out one by one, from texts of many stretches.
@Suite struct ChunkStreamTests {
    @Test func passagesComeOneByOneUntilTheBodyThrows() throws {
        struct Enough: Error {}
        let document = try extract(sentences(400), as: "a.txt")
        let all = try Chunker().chunks(of: document)
        var seen: [Chunk] = []
        #expect(throws: Enough.self) {
            try Chunker().forEachChunk(of: document) { chunk in
                seen.append(chunk)
                if seen.count == 3 { throw Enough() }
            }
        }
        #expect(all.count > 3 && seen == Array(all.prefix(3)))
    }

    /// 300 KB in one paragraph: five times what is looked at once.
    @Test(arguments: [" ", "\n"]) func sentencesStayWholeInLongParagraphs(separator: String) throws {
        let text = sentences(6000).replacing(". ", with: "." + separator)
        let document = try extract(text, as: "a.txt")
        let chunks = try Chunker().chunks(of: document)
        expectContract(of: chunks, for: document)
        #expect(chunks.allSatisfy { $0.content.hasPrefix("The ledger") && $0.content.hasSuffix("by hand.") })
        #expect(chunks.dropLast().allSatisfy { (250...450).contains($0.tokenCount) })
    }

    @Test(arguments: ["abcdefghij", "漢字", "word ", "🙂", "- a\n", "a\u{301}"]) func longTextWithoutSentencesIsCutAllTheSame(part: String)
        throws
    {
        let document = try extract(String(repeating: part, count: 200_000 / part.utf8.count), as: "a.txt")
        let chunks = try Chunker().chunks(of: document)
        expectContract(of: chunks, for: document)
        #expect(chunks.dropLast(2).allSatisfy { $0.tokenCount >= 200 })
    }

    @Test func sizesAreThoseOfTheCounterGiven() throws {
        // A vocabulary of bytes: each is a token.
        let file = (0...255).map { "\(Base64.encode([UInt8($0)])) \($0)\n" }.joined()
        let counter = TokenCounter(try BytePairTokenizer(Array(file.utf8), fileName: "bytes-cl100k.tiktoken"))
        let document = try extract("# T\n\n\(sentences(60))\n\n| Item | Price |\n|---|---|\n| a | b |\n\n이 문장은 깁니다.")
        let chunks = try Chunker(counter: counter).chunks(of: document)
        expectContract(of: chunks, for: document, counter: counter)
        #expect(chunks.count > 5 && chunks.allSatisfy { $0.tokenCount == $0.content.utf8.count })
    }
}

/// Base64 for short vocabularies written in tests.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bits = bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        let padded = bits + Array(repeating: 0, count: (6 - bits.count % 6) % 6)
        let text = stride(from: 0, to: padded.count, by: 6).map { start in
            digits[padded[start..<(start + 6)].reduce(0) { $0 * 2 + Int($1) }]
        }
        return String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
    }
}
