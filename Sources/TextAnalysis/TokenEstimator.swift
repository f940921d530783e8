/// Estimates how many tokens a language model's tokenizer makes of a text.
public struct TokenEstimator: Sendable {
    /// An estimator; it holds no state and costs nothing.
    public init() {}

    /// The estimated number of tokens; at least 1 for text that is not empty.
    public func count(_ text: some StringProtocol) -> Int {
        let ascii = text.utf8.reduce(into: 0) { $0 += $1 < 0x80 ? 1 : 0 }
        let wide = text.unicodeScalars.reduce(into: 0) { $0 += $1.value >= 0x80 ? 1 : 0 }
        return (ascii + 3) / 4 + wide
    }
}
