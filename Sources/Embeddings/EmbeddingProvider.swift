/// An embedding model: vectors of different models must never be compared.
public struct EmbeddingModel: Sendable, Hashable {
    /// Names the model and its version; it changes whenever the model's vectors change.
    public let id: String
    /// The length of its vectors.
    public let dimensions: Int

    /// A model of the given name whose vectors have `dimensions` components.
    public init(id: String, dimensions: Int) {
        self.id = id
        self.dimensions = dimensions
    }
}

/// What a text is embedded for; models may treat the two sides of a search differently.
public enum EmbeddingPurpose: Sendable {
    /// A text to be found.
    case passage
    /// A text to find passages by.
    case query
}

/// Turns texts into vectors whose cosine tells how related the texts are.
public protocol EmbeddingProvider: Sendable {
    /// The model all vectors of this provider come from.
    var model: EmbeddingModel { get }

    /// One vector of Euclidean length 1 and `model.dimensions` finite components for each text, in the order of `texts`.
    ///
    /// Throws `EmbeddingError` when no vectors can be had and `CancellationError` when the task is cancelled; there are no partial results.
    func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]]
}
