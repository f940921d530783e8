public import Domain

/// Why a provider has no vectors to give.
public enum EmbeddingError: Error, Hashable, CustomStringConvertible {
    /// The model could not be reached or did not answer in time; a later attempt may succeed.
    /// - `retryAfter`: seconds after which it is worth trying again, where the model told.
    case unavailable(EmbeddingModel, reason: String, retryAfter: Int? = nil)
    /// The model refused the request (a wrong key, a text too long); the same request would be refused again.
    case rejected(EmbeddingModel, reason: String)
    /// The model answered with something other than one finite vector of its length per text.
    case invalidAnswer(EmbeddingModel, reason: String)

    /// What happened, to which model, and what to do.
    public var description: String {
        switch self {
        case .unavailable(let model, let reason, _): "Embedding model \(model.id) is not available: \(reason). Try again later."
        case .rejected(let model, let reason): "Embedding model \(model.id) refused the request: \(reason). Change it or the settings."
        case .invalidAnswer(let model, let reason):
            "Embedding model \(model.id) gave an invalid answer: \(reason). Check that the endpoint serves this model."
        }
    }
}

extension Problem {
    /// What a failure of the model means to whoever needed its vectors. The model's own words are left to the log: they may tell of the
    /// operator's account there.
    public init(_ error: EmbeddingError) {
        switch error {
        case .unavailable(let model, _, let seconds):
            self.init(
                .unavailable, code: "embedding_unavailable", "The embedding model \(model.id) does not answer.",
                remedy: "Send the request again in a while.", retryAfter: seconds, underlying: error)
        case .rejected(let model, _):
            self.init(
                .badGateway, code: "embedding_rejected", "The embedding model \(model.id) refused the request.",
                remedy: "Look into the server's log: the request or the model's settings must change.", underlying: error)
        case .invalidAnswer(let model, _):
            self.init(
                .badGateway, code: "embedding_invalid", "The embedding model \(model.id) gave an answer that holds no usable vectors.",
                remedy: "Check that its endpoint serves this model.", underlying: error)
        }
    }
}
