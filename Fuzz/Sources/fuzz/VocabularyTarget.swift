@testable import TextAnalysis

/// Reads files of vocabularies and counts with what it accepts.
///
/// An input is: the file's name 1 byte, the file.
struct VocabularyTarget: FuzzTarget {
    private static let names = ["cl100k.tiktoken", "o200k.tiktoken", "gpt2.tiktoken", "a.tiktoken", "tokenizer.json"]
    private static let sample = "The harbour's 12 ferries  港は朝七時。\n\n개는 무료입니다, don't! abc\r\n"

    func run(_ input: [UInt8]) {
        guard let choice = input.first else { return }
        let name = Self.names[Int(choice) % Self.names.count]
        let bytes = Array(input.dropFirst())
        do {
            let tokenizer = try BytePairTokenizer(bytes, fileName: name)
            for text in [Self.sample, String(decoding: bytes.prefix(2000), as: UTF8.self), ""] {
                let ids = tokenizer.encode(text)
                let count = tokenizer.count(text)
                require(ids.count <= count && count <= text.utf8.count, "no token is shorter than a byte")
                require((count == 0) == text.isEmpty, "only nothing has no tokens")
                require(tokenizer.count(Array(text.utf8)[...]) == count, "bytes have as many tokens as their text")
            }
            let again = try BytePairTokenizer(bytes, fileName: name)
            require(again.encode(Self.sample) == tokenizer.encode(Self.sample), "the same file gives the same tokens")
        } catch {
            require(error.file == name && !error.reason.isEmpty && !error.remedy.isEmpty, "an error says what to do")
            let lines = bytes.count { $0 == 0x0A } + 1
            require(error.line.map { (1...lines).contains($0) } != false, "the line lies in the file")
        }
    }

    func seeds() -> [[UInt8]] {
        let vocabulary = #""vocab": {"a": 0, "b": 1, "c": 2, "Ġ": 3, "ab": 4, "Ġab": 5, "bc": 6, "abc": 7, "<|end▁|>": 8}"#
        let expression = #"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"#
        let split = #"{"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex": "\#(expression)"}}"#
        let sequence = #"{"type": "Sequence", "pretokenizers": [\#(split), {"type": "ByteLevel", "use_regex": false}]}"#
        let files = [
            #"{"pre_tokenizer": {"type": "ByteLevel"}, "model": {"type": "BPE", \#(vocabulary), "merges": ["b c", "a b", "Ġ ab"]}}"#,
            #"{"normalizer": {"type": "NFC"}, "pre_tokenizer": \#(sequence), "model": {\#(vocabulary), "merges": [["b", "c"]], "#
                + #""ignore_merges": true, "continuing_subword_prefix": "", "end_of_word_suffix": null}}"#,
        ]
        let whole = Vocabulary.plain.tiktokenFile
        let short = Array("YQ== 0\nYg== 1\r\nYWI= 2\n\n5riv 3\n".utf8)
        return files.map { [4] + Array($0.utf8) } + [[0] + whole, [1] + short, [2] + short, [3] + short]
    }

    let words = [
        "\"vocab\"", "\"merges\"", "\"model\"", "\"type\"", "\"BPE\"", "\"Sequence\"", "\"ByteLevel\"", "\"Split\"", "Ġ", " ab",
        "4294967295",
        "4294967294", "==", "YWI= 2\n",
    ]
}
