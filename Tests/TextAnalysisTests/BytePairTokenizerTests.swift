import Foundation
import Testing

@testable import TextAnalysis

@Suite struct BytePairTokenizerTests {
    private static func tiktoken(_ tokens: [String]) -> String {
        let bytes = (0...255).map { [UInt8($0)] } + tokens.map { Array($0.utf8) }
        return bytes.enumerated().map { "\(Data($0.element).base64EncodedString()) \($0.offset)\n" }.joined()
    }

    private func tokenizer(_ tokens: [String]) throws -> BytePairTokenizer {
        try BytePairTokenizer(Array(Self.tiktoken(tokens).utf8), fileName: "own-cl100k.tiktoken")
    }

    // MARK: - Merging

    @Test func joinsTheLowestRankFirst() throws {
        let tokenizer = try tokenizer(["bc", "ab", "abc"])
        #expect(tokenizer.encode("abc") == [258])
        #expect(tokenizer.encode("abcd") == [258, 100])
        #expect(tokenizer.encode("abab") == [257, 257])
        #expect(tokenizer.encode("xab abc") == [120, 257, 32, 258])
        #expect(tokenizer.count("") == 0)
    }

    /// The merging by its definition: look through all neighbours again and again.
    private func slowly(_ text: String, _ ranks: [[UInt8]: Int]) -> [Int] {
        var parts = text.utf8.map { [$0] }
        while true {
            let candidates = parts.indices.dropLast().compactMap { place in ranks[parts[place] + parts[place + 1]].map { ($0, place) } }
            guard let (_, place) = candidates.min(by: { $0 < $1 }) else { break }
            parts[place] += parts.remove(at: place + 1)
        }
        return parts.compactMap { ranks[$0] }
    }

    @Test(arguments: 0..<20) func mergesAsTheDefinitionSays(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var tokens: [String] = []
        while tokens.count < 40 {
            let token = (0..<Int.random(in: 2...5, using: &random)).map { _ in "abcd".randomElement(using: &random).map(String.init) ?? "" }
            if !tokens.contains(token.joined()) { tokens.append(token.joined()) }
        }
        let tokenizer = try tokenizer(tokens)
        let entries = (0...255).map { ([UInt8($0)], $0) } + tokens.enumerated().map { (Array($0.element.utf8), 256 + $0.offset) }
        let ranks = Dictionary(uniqueKeysWithValues: entries)
        for _ in 0..<30 {
            let word = (0..<Int.random(in: 6...40, using: &random)).map { _ in "abcd".randomElement(using: &random).map(String.init) ?? "" }
            #expect(tokenizer.encode(word.joined()) == slowly(word.joined(), ranks))
        }
    }

    @Test func longRunsTakeNoQuadraticTime() throws {
        let tokenizer = try tokenizer(["aa", "aaaa"])
        #expect(tokenizer.count(String(repeating: "a", count: 100_000)) == 25_000)
        #expect(tokenizer.count(String(repeating: " ", count: 100_000)) == 100_000)
        #expect(tokenizer.count(String(repeating: "漢", count: 20_000)) == 60_000)
    }

    // MARK: - tokenizer.json

    private func json(_ model: String, preTokenizer: String = #"{"type": "ByteLevel"}"#, normalizer: String = "null") -> [UInt8] {
        Array(#"{"normalizer": \#(normalizer), "pre_tokenizer": \#(preTokenizer), "model": \#(model), "added_tokens": [{"id": 9}]}"#.utf8)
    }

    private static let vocab = #""vocab": {"a": 0, "b": 1, "c": 2, "Ġ": 3, "ab": 4, "Ġab": 5, "bc": 6, "abc": 7, "<|end▁|>": 8}"#

    @Test(arguments: [#"["b c", "a b", "Ġ ab"]"#, #"[["b", "c"], ["a", "b"], ["Ġ", "ab"]]"#])
    func readsMergesAsStringsAndPairs(merges: String) throws {
        let file = json(#"{"type": "BPE", \#(Self.vocab), "merges": \#(merges)}"#)
        let tokenizer = try BytePairTokenizer(file, fileName: "tokenizer.json")
        // "abc" is a token, but no merge leads to it.
        #expect(tokenizer.encode("abc ab") == [0, 6, 5])
        #expect(tokenizer.count("ab x") == 3)
    }

    @Test func takesWholePiecesWhereTheFileSaysSo() throws {
        let split =
            #"{"type": "Sequence", "pretokenizers": [{"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "\#(Self.qwen)"}}, "#
            + #"{"type": "ByteLevel", "use_regex": false}]}"#
        let file = json(
            #"{"type": "BPE", \#(Self.vocab), "merges": ["b c"], "ignore_merges": true}"#, preTokenizer: split,
            normalizer: #"{"type": "NFC"}"#)
        #expect(try BytePairTokenizer(file, fileName: "tokenizer.json").encode("abc bc") == [7, 3, 6])
    }

    private static let qwen =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"#

    // MARK: - Errors

    @Test(arguments: [
        ("YQ== 0\nYg==\n", 2, "Base64"), ("YQ== 0\nYg= 1\n", 2, "Base64"), ("YQ== x\n", 1, "Base64"),
        ("YQ== 0\nYQ== 1\n", 2, "second time"), ("\nYQ== 0\n\nYg==\n", 4, "Base64"),
        ("", nil, "empty"),
    ])
    func brokenLinesAreNamed(file: String, line: Int?, reason: String) {
        let error = #expect(throws: VocabularyError.self) { try BytePairTokenizer(Array(file.utf8), fileName: "cl100k.tiktoken") }
        #expect(error?.file == "cl100k.tiktoken" && error?.line == line)
        #expect(error?.description.contains(reason) == true && error?.remedy.isEmpty == false)
    }

    @Test func unknownVocabulariesAskForTheirName() {
        let error = #expect(throws: VocabularyError.self) {
            try BytePairTokenizer(Array(Self.tiktoken([]).utf8), fileName: "mine.tiktoken")
        }
        #expect(error?.description.contains("256 tokens") == true && error?.remedy.contains("cl100k_base.tiktoken") == true)
    }

    @Test(arguments: [
        ("{", "JSON"), ("{}", "model"), (#"{"model": {"type": "Unigram", "vocab": [["a", 0.1]]}}"#, "Unigram"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#, "byte-level"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "end_of_word_suffix": "</w>"}}"#, "end_of_word_suffix"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}, "pre_tokenizer": {"type": "ByteLevel"}}"#, "merge 1"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}, "pre_tokenizer": {"type": "ByteLevel"}}"#, "two tokens"),
        (#"{"model": {"type": "BPE", "vocab": {}, "merges": []}, "normalizer": {"type": "NFKC"}}"#, "NFKC"),
        (
            #"{"model": {"vocab": {}, "merges": []}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": ["#
                + #"{"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "x+"}}, {"type": "ByteLevel", "use_regex": false}]}}"#,
            "x+"
        ),
    ])
    func unusableTokenizersSayWhy(file: String, reason: String) {
        let error = #expect(throws: VocabularyError.self) { try BytePairTokenizer(Array(file.utf8), fileName: "tokenizer.json") }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }
}
