import Synchronization

/// The provider of the model whose vectors the knowledge has now, which becomes another when the knowledge's does.
///
/// One piece of work takes ``current`` once and does all with it, so that no vector goes by another model's name.
public final class EmbedderInUse: Sendable {
    private let provider: Mutex<any EmbeddingProvider>
    private let make: @Sendable (String) async -> any EmbeddingProvider

    /// - Parameter make: makes the provider of a model, or one that stands for it and has no vectors to give.
    public init(_ provider: any EmbeddingProvider, make: @escaping @Sendable (String) async -> any EmbeddingProvider) {
        self.provider = Mutex(provider)
        self.make = make
    }

    /// A provider beside which there is no other.
    public convenience init(_ provider: any EmbeddingProvider) {
        self.init(provider) {
            UnavailableEmbedder(EmbeddingModel(id: $0, dimensions: 1_536), reason: "it is not the one that is in use here")
        }
    }

    public var current: any EmbeddingProvider { provider.withLock { $0 } }

    /// Has the model be the current one from here on.
    /// - Returns: its provider, and whether it was another before.
    @discardableResult
    public func follow(_ model: String) async -> (provider: any EmbeddingProvider, isNew: Bool) {
        let current = current
        guard current.model.id != model else { return (current, false) }
        let made = await make(model)
        return provider.withLock { provider in
            // Somebody else may have been here meanwhile.
            guard provider.model.id != model else { return (provider, false) }
            provider = made
            return (made, true)
        }
    }
}
