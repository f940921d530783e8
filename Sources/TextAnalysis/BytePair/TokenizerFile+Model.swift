extension TokenizerFile {
    /// A BPE model: tokens written in an alphabet of 256 letters for the bytes, and the pairs of them that are joined.
    struct Model: Decodable {
        let vocabulary: TokenVocabulary
        let ignoresMerges: Bool
        private let ids: [String: UInt32]
        private let merges: [Merge]

        enum CodingKeys: String, CodingKey {
            case type, vocab, merges
            case ignoresMerges = "ignore_merges"
            case prefix = "continuing_subword_prefix"
            case suffix = "end_of_word_suffix"
        }

        /// Two tokens: a pair, or in older files one string with a space between.
        private struct Merge: Decodable {
            let first: String
            let second: String

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                let words: [String]
                if let line = try? container.decode(String.self) {
                    words = line.split(separator: " ").map(String.init)
                } else {
                    words = try container.decode([String].self)
                }
                guard words.count == 2 else {
                    throw DecodingError.dataCorruptedError(in: container, debugDescription: "a merge is two tokens, not \(words.count)")
                }
                (first, second) = (words[0], words[1])
            }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let type = try container.decodeIfPresent(String.self, forKey: .type) ?? "BPE"
            guard type == "BPE" else { throw Unusable(reason: "its model is of type \(type), not BPE") }
            for key in [CodingKeys.prefix, .suffix] where try container.decodeIfPresent(String.self, forKey: key)?.isEmpty == false {
                throw Unusable(reason: "its model has a \(key.rawValue), so it is no byte-level one")
            }
            ids = try container.decode([String: UInt32].self, forKey: .vocab)
            merges = try container.decode([Merge].self, forKey: .merges)
            ignoresMerges = try container.decodeIfPresent(Bool.self, forKey: .ignoresMerges) ?? false
            var vocabulary = TokenVocabulary(capacity: ids.count)
            for (token, id) in ids {
                // Special tokens may have other letters; no text leads to them.
                guard let bytes = ByteAlphabet.bytes(of: token) else { continue }
                _ = vocabulary.insert(bytes, id: id)
            }
            self.vocabulary = vocabulary
        }

        /// The merges by the ids of their tokens.
        func pairs() throws(Unusable) -> MergeTable {
            var pairs = MergeTable(capacity: merges.count)
            for (rank, merge) in merges.enumerated() {
                guard let first = ids[merge.first], let second = ids[merge.second], let joined = ids[merge.first + merge.second] else {
                    throw Unusable(
                        reason: "merge \(rank + 1) joins \"\(merge.first)\" and \"\(merge.second)\", which the vocabulary does not have",
                        remedy: "Fetch the model's tokenizer.json again.")
                }
                pairs.insert(first, second, .init(rank: UInt32(rank), id: joined))
            }
            return pairs
        }
    }
}

/// The letters that byte-level vocabularies write for bytes (from GPT-2): those of Latin-1 that can be seen stand for themselves, the other
/// 68 bytes for U+0100 and following.
enum ByteAlphabet {
    private static let bytesByScalar: [UInt32: UInt8] = {
        let visible = Set<UInt8>(0x21...0x7E).union(0xA1...0xAC).union(0xAE...0xFF)
        let hidden = (UInt8.min...UInt8.max).filter { !visible.contains($0) }
        let shown = visible.map { (UInt32($0), $0) } + hidden.enumerated().map { (UInt32(0x100 + $0.offset), $0.element) }
        return Dictionary(uniqueKeysWithValues: shown)
    }()

    /// The bytes that `token` stands for, nil when it has letters of no byte.
    static func bytes(of token: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for scalar in token.unicodeScalars {
            guard let byte = bytesByScalar[scalar.value] else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
