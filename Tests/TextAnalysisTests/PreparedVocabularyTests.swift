import Foundation
import Testing

@testable import TextAnalysis

/// A vocabulary's tables, written once and read by other processes.
@Suite struct PreparedVocabularyTests {
    private static let texts = ["", "abc ab bc", "don't  stop\n\n12345 été 漢字テスト", String(repeating: "abab", count: 200)]

    private func tiktoken(_ name: String) throws -> BytePairTokenizer {
        let tokens = (0...255).map { [UInt8($0)] } + ["ab", "bc", "abc", "字"].map { Array($0.utf8) }
        let lines = tokens.enumerated().map { "\(Data($0.element).base64EncodedString()) \($0.offset)\n" }
        return try BytePairTokenizer(Array(lines.joined().utf8), fileName: name)
    }

    private func tokenizerJSON() throws -> BytePairTokenizer {
        let model = #"{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"Ġ":3,"ab":4,"abc":5,"Ġa":6},"merges":["a b","ab c","Ġ a"]}"#
        let text = #"{"normalizer":null,"pre_tokenizer":{"type":"ByteLevel"},"model":\#(model)}"#
        return try BytePairTokenizer(Array(text.utf8), fileName: "tokenizer.json")
    }

    private func again(_ bytes: [UInt8]) throws -> BytePairTokenizer {
        try bytes.withUnsafeBytes { try BytePairTokenizer(prepared: $0, fileName: "p") }
    }

    @Test(arguments: ["cl100k.tiktoken", "o200k.tiktoken", "gpt2.tiktoken", "qwen.tiktoken"])
    func `It counts as the vocabulary it was made of`(name: String) throws {
        let tokenizer = try tiktoken(name)
        let read = try again(tokenizer.prepared)
        for text in Self.texts { #expect(read.encode(text) == tokenizer.encode(text), "\(text)") }
        #expect(read.encode("abc").count == 1, "the test's own tokens are used")
    }

    @Test func `So does one with merges`() throws {
        let tokenizer = try tokenizerJSON()
        let read = try again(tokenizer.prepared)
        for text in Self.texts { #expect(read.encode(text) == tokenizer.encode(text), "\(text)") }
        #expect(read.encode("abc ab") == [5, 3, 4])
    }

    @Test func `A byte that changed or is missing is noticed, wherever it stands`() throws {
        let bytes = try tiktoken("cl100k.tiktoken").prepared
        for place in Array(stride(from: 0, to: bytes.count, by: 97)) + [bytes.count - 1] {
            var damaged = bytes
            damaged[place] ^= 0x10
            let error = #expect(throws: VocabularyError.self) { try again(damaged) }
            #expect(error?.file == "p" && error?.reason.contains("damaged") == true, "\(place)")
            #expect(throws: VocabularyError.self) { try again(Array(bytes[..<place])) }
        }
    }

    @Test func `A file that is not there is told with its name`() {
        let error = #expect(throws: VocabularyError.self) { try BytePairTokenizer(preparedFile: "/no/such/vocabulary") }
        #expect(error?.file == "/no/such/vocabulary")
    }
}
