/// How a vocabulary cuts a text into pieces before it looks for tokens in them.
///
/// Each is published as a regular expression; ``PieceScanner`` does what the expression says without one.
struct SplitPattern: Sendable, Equatable {
    enum Words: Int, Sendable {
        /// Letters, with a space in front: ` ?\p{L}+`.
        case afterSpace
        /// Letters, with any one scalar in front that is no letter, number or line end: `[^\r\n\p{L}\p{N}]?\p{L}+`.
        case afterAny
        /// The same, cut where capitals follow small letters, and with the English contraction behind.
        case byCase
    }

    let words: Words
    /// The digits of one piece; nil for all there are, with a space in front.
    let digits: Int?
    /// What follows signs in their piece.
    let afterSigns: String
    /// Whether white space at the end of the text is one piece, line ends or not.
    var joinsSpaceAtEnd = false

    static let gpt2 = SplitPattern(words: .afterSpace, digits: nil, afterSigns: "")
    static let cl100k = SplitPattern(words: .afterAny, digits: 3, afterSigns: "\r\n", joinsSpaceAtEnd: true)
    static let llama3 = SplitPattern(words: .afterAny, digits: 3, afterSigns: "\r\n")
    static let qwen2 = SplitPattern(words: .afterAny, digits: 1, afterSigns: "\r\n")
    static let o200k = SplitPattern(words: .byCase, digits: 3, afterSigns: "\r\n/")

    /// The pattern of a regular expression as `tokenizer.json` files carry it.
    static func named(byExpression expression: String) -> SplitPattern? {
        let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
        let word = #"[^\r\n\p{L}\p{N}]?\p{L}+"#
        let spaces = #"\s*[\r\n]+|\s+(?!\S)|\s+"#
        let signs = #" ?[^\s\p{L}\p{N}]+[\r\n]*"#
        switch expression {
        case #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: return .gpt2
        case #"\#(contractions)|\#(word)|\p{N}{1,3}|\#(signs)|\#(spaces)"#: return .llama3
        case #"\#(contractions)|\#(word)|\p{N}|\#(signs)|\#(spaces)"#: return .qwen2
        case #"\#(byCase(contractions))|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\#(spaces)"#: return .o200k
        default: return nil
        }
    }

    private static func byCase(_ contractions: String) -> String {
        let (capitals, small) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
        let words = ["\(capitals)*\(small)+", "\(capitals)+\(small)*"]
        return words.map { #"[^\r\n\p{L}\p{N}]?\#($0)\#(contractions)?"# }.joined(separator: "|")
    }

    /// The pattern of a `.tiktoken` file, which does not carry one: by the encoding in its name, else by its number of tokens.
    static func named(byFile name: String, tokens: Int) -> SplitPattern? {
        let name = name.lowercased()
        if let known = encodings.first(where: { name.contains($0.name) }) { return known.pattern }
        return encodings.first { $0.tokens == tokens }?.pattern
    }

    private static let encodings: [(name: String, tokens: Int, pattern: SplitPattern)] = [
        ("o200k", 199_998, .o200k), ("cl100k", 100_256, .cl100k), ("p50k", 50_280, .gpt2), ("r50k", 50_256, .gpt2),
        ("gpt2", 50_256, .gpt2), ("llama3", 128_000, .llama3), ("qwen", 151_643, .qwen2),
    ]
}
