/// Counts the tokens of texts: by a language model's own vocabulary where there is one, else by an estimate.
public struct TokenCounter: Sendable {
    private enum Method {
        case estimate(TokenEstimator)
        case vocabulary(BytePairTokenizer)
    }

    private let method: Method

    /// The count without a vocabulary, by ``TokenEstimator``.
    public static let estimate = TokenCounter(method: .estimate(TokenEstimator()))

    /// The exact count of a model's vocabulary.
    public init(_ tokenizer: BytePairTokenizer) {
        method = .vocabulary(tokenizer)
    }

    private init(method: Method) {
        self.method = method
    }

    /// The tokens of `text`; 0 for empty text.
    public func count(_ text: some StringProtocol) -> Int {
        switch method {
        case .estimate(let estimator): estimator.count(text)
        case .vocabulary(let tokenizer): tokenizer.count(text)
        }
    }

    /// The tokens of a part of a text; 0 for none.
    /// - Parameter bytes: valid UTF-8.
    public func count(_ bytes: ArraySlice<UInt8>) -> Int {
        switch method {
        case .estimate(let estimator): estimator.count(bytes)
        case .vocabulary(let tokenizer): tokenizer.count(bytes)
        }
    }
}
