/// Why a provider has no vectors to give.
public enum EmbeddingError: Error, Hashable, CustomStringConvertible {
    /// The model could not be reached or did not answer in time; a later attempt may succeed.
    case unavailable(EmbeddingModel, reason: String)
    /// The model refused the request (a wrong key, a text too long); the same request would be refused again.
    case rejected(EmbeddingModel, reason: String)
    /// The model answered with something other than one finite vector of its length per text.
    case invalidAnswer(EmbeddingModel, reason: String)

    /// What happened, to which model, and what to do.
    public var description: String {
        switch self {
        case .unavailable(let model, let reason): "Embedding model \(model.id) is not available: \(reason). Try again later."
        case .rejected(let model, let reason): "Embedding model \(model.id) refused the request: \(reason). Change it or the settings."
        case .invalidAnswer(let model, let reason):
            "Embedding model \(model.id) gave an invalid answer: \(reason). Check that the endpoint serves this model."
        }
    }
}
