/// The format of OpenAI's tiktoken: a line for each token, its bytes in Base64 and its rank.
enum TiktokenFile {
    static func read(_ bytes: [UInt8], _ fileName: String) throws(VocabularyError) -> BytePairTokenizer {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        var vocabulary = TokenVocabulary(capacity: lines.count)
        for (number, line) in lines.enumerated() where !line.isEmpty {
            guard let (token, rank) = entry(line) else {
                throw damaged(fileName, line: number + 1, "there is no Base64 token and its rank, two words")
            }
            guard vocabulary.insert(token, id: rank) else {
                throw damaged(fileName, line: number + 1, "the token of rank \(rank) stands a second time")
            }
        }
        guard vocabulary.count > 0 else { throw damaged(fileName, line: nil, "it is empty") }
        guard let pattern = SplitPattern.named(byFile: fileName, tokens: vocabulary.count) else {
            throw VocabularyError(
                file: fileName, line: nil, reason: "nothing tells how it splits text: \(vocabulary.count) tokens are no known vocabulary's",
                remedy: "Name the file after its encoding (cl100k_base.tiktoken, o200k_base.tiktoken), or give a tokenizer.json.")
        }
        return BytePairTokenizer(vocabulary, merges: .byRank, takesWholePieces: true, pattern: pattern)
    }

    private static func damaged(_ fileName: String, line: Int?, _ reason: String) -> VocabularyError {
        VocabularyError(file: fileName, line: line, reason: reason, remedy: "Fetch the .tiktoken file again.")
    }

    private static func entry(_ line: ArraySlice<UInt8>) -> (token: [UInt8], rank: UInt32)? {
        let words = line.split { $0 == 0x20 || $0 == 0x0D }
        // The highest value marks a byte without a token.
        guard words.count == 2, let token = base64(words[0]), let rank = UInt32(String(decoding: words[1], as: UTF8.self)), rank < .max
        else { return nil }
        return (token, rank)
    }

    /// The bytes that `text` stands for (RFC 4648, section 4), nil where it is no Base64 or empty.
    private static func base64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let digits = text.prefix { $0 != UInt8(ascii: "=") }
        guard text.count % 4 == 0, text.count - digits.count <= 2, text.dropFirst(digits.count).allSatisfy({ $0 == UInt8(ascii: "=") })
        else { return nil }
        var bytes: [UInt8] = []
        var (bits, width): (UInt32, Int) = (0, 0)
        for digit in digits {
            guard let value = value(ofDigit: digit) else { return nil }
            bits = bits << 6 | value
            width += 6
            if width >= 8 {
                width -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(width)))
            }
        }
        return bytes.isEmpty ? nil : bytes
    }

    private static func value(ofDigit digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
