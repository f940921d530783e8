import TextAnalysis

/// Counts what messages cost in an OpenAI-style call: the estimate of their text, and the frame of roles around it.
struct TokenLedger: Sendable {
    /// Tokens around each message, and around the whole list (after OpenAI's published counting recipe for chat models: 3 each and 3
    /// for the answer's start; one more is taken so that the estimate stays on the safe side).
    static let perMessage = 4
    static let perList = 3

    private let estimator = TokenEstimator()

    func count(_ text: some StringProtocol) -> Int {
        text.isEmpty ? 0 : estimator.count(text)
    }

    func cost(_ message: Message) -> Int {
        count(message.content) + Self.perMessage
    }
}
