/// A model that cannot be had here, in the place of its provider: whoever needs vectors is told why there are none.
public struct UnavailableEmbedder: EmbeddingProvider {
    public let model: EmbeddingModel
    /// Why it cannot be had.
    public let reason: String

    public init(_ model: EmbeddingModel, reason: String) {
        self.model = model
        self.reason = reason
    }

    public var isCostly: Bool { true }

    /// Always throws `EmbeddingError.unavailable`.
    public func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] {
        throw EmbeddingError.unavailable(model, reason: reason)
    }
}
