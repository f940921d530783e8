import Foundation

@testable import TextAnalysis

/// A small vocabulary: every byte and a few tokens more.
struct Vocabulary: Sendable {
    /// The bytes of each token by its id.
    let tokens: [[UInt8]]
    private let ids: [[UInt8]: Int]

    static let plain = Vocabulary([
        "th", "the", " the", "er", "in", " a", "ing", "港", "の", "はい", "요금", "  ", "\n\n", "12", "ab", "bc", "abc",
    ])

    private init(_ joined: [String]) {
        tokens = (0...255).map { [$0] } + joined.map { Array($0.utf8) }
        ids = Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($0.element, $0.offset) })
    }

    /// The file of it that OpenAI's tiktoken would write.
    var tiktokenFile: [UInt8] {
        Array(tokens.enumerated().map { "\(Data($0.element).base64EncodedString()) \($0.offset)\n" }.joined().utf8)
    }

    func tokenizer(_ pattern: SplitPattern) -> BytePairTokenizer {
        var vocabulary = TokenVocabulary(capacity: tokens.count)
        for (id, token) in tokens.enumerated() { require(vocabulary.insert(token, id: UInt32(id)), "there is room for the tokens") }
        return BytePairTokenizer(vocabulary, merges: .byRank, takesWholePieces: true, pattern: pattern)
    }

    /// The ids of a piece by the definition: look through all neighbours again and again.
    func slowlyJoined(_ piece: [UInt8]) -> [Int] {
        if let whole = ids[piece] { return [whole] }
        var parts = piece.map { [$0] }
        while true {
            let candidates = parts.indices.dropLast().compactMap { place in ids[parts[place] + parts[place + 1]].map { ($0, place) } }
            guard let (_, place) = candidates.min(by: { $0 < $1 }) else { break }
            parts[place] += parts.remove(at: place + 1)
        }
        return parts.compactMap { ids[$0] }
    }
}
