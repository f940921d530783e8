import Testing
import TextAnalysis

/// Pieces of a small vocabulary; those of the real one are compared in EmbeddingsTests.
@Suite struct WordPieceTokenizerTests {
    private static let vocabulary = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "affable", "a", "##a", "ferry", "##s", "!", "é", "cafe", "港", "の",
        "##の", "한",
        "ᄒ", "##ᅡ", "##ᆫ", "[",
    ]

    private func tokenizer(_ pieces: [String] = vocabulary, ending: String = "\n") throws -> WordPieceTokenizer {
        try WordPieceTokenizer(Array((pieces.joined(separator: ending) + ending).utf8), fileName: "vocab.txt")
    }

    private func pieces(of text: String) throws -> [String] {
        try tokenizer().encode(text).map { Self.vocabulary[Int($0)] }
    }

    @Test(
        arguments: [
            ("", []), (" \n\t", []), ("unaffable", ["un", "##aff", "##able"]), ("affable ferrys", ["affable", "ferry", "##s"]),
            ("FERRY!Ferry", ["ferry", "!", "ferry"]), ("café", ["cafe"]), ("cafe\u{301}", ["cafe"]), ("fer\u{200B}ry", ["ferry"]),
            ("fer\u{0}ry\u{FFFD}", ["ferry"]), ("港の港", ["港", "の", "港"]), ("한", ["ᄒ", "##ᅡ", "##ᆫ"]), ("zebra ferry", ["[UNK]", "ferry"]),
            // A word of which the end has no piece is unknown as a whole.
            ("unaffablez", ["[UNK]"]), ("ferry\u{A0}ferry", ["ferry", "ferry"]),
            // Special pieces in a text are text.
            ("[CLS]", ["[", "[UNK]", "[UNK]"]),
        ] as [(String, [String])])
    func textsAreCutIntoTheLongestPieces(text: String, pieces expected: [String]) throws {
        let found = try pieces(of: text)
        #expect(found == expected)
    }

    @Test func veryLongWordsAreUnknown() throws {
        let hundred = try pieces(of: String(repeating: "a", count: 100))
        #expect(hundred == ["a"] + [String](repeating: "##a", count: 99))
        let more = try pieces(of: String(repeating: "a", count: 101))
        #expect(more == ["[UNK]"])
    }

    @Test func linesMayEndAsOnWindows() throws {
        let tokenizer = try tokenizer(ending: "\r\n")
        #expect(tokenizer.count == Self.vocabulary.count)
        #expect(tokenizer.encode("ferry") == [10])
        #expect((tokenizer.start, tokenizer.end) == (2, 3))
    }

    @Test(
        arguments: [
            (["[PAD]"], "[UNK] is missing"), (["[UNK]", "[CLS]"], "[SEP] is missing"),
            (["[UNK]", "[UNK]", "[CLS]", "[SEP]"], "stands there twice"),
            (["[UNK]", "", "[CLS]", "[SEP]"], "is empty"),
        ] as [([String], String)])
    func vocabulariesThatAreNoneAreRefused(pieces: [String], reason: String) throws {
        let error = try #require(throws: VocabularyError.self) { try tokenizer(pieces) }
        #expect(error.description.contains(reason), "\(error)")
    }
}
