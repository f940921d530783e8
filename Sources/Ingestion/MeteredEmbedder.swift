import Domain
import Embeddings
import Storage

/// An embedder whose every call is accounted for.
struct MeteredEmbedder: Sendable {
    private let embedder: any EmbeddingProvider
    private let usage: UsageRecorder

    init(_ embedder: any EmbeddingProvider, _ usage: UsageRecorder) {
        self.embedder = embedder
        self.usage = usage
    }

    var model: EmbeddingModel { embedder.model }
    var isCostly: Bool { embedder.isCostly }

    /// One vector for each passage, in their order.
    /// - Throws: `unavailable` or `bad_gateway` when the model has none to give.
    func vectors(of passages: [String], for owner: UsageOwner) async throws -> [[Float]] {
        let charge = embedder.charge(for: passages)
        let call = UsageRecord(owner, apiName: "embeddings", model: model.id, tokens: charge.tokens, cost: charge.cost)
        do {
            return try await usage.measure(call) {
                let vectors = try await embedder.embed(passages, purpose: .passage)
                guard vectors.count == passages.count else {
                    throw EmbeddingError.invalidAnswer(model, reason: "\(vectors.count) vectors for \(passages.count) texts")
                }
                return vectors
            }
        } catch let error as EmbeddingError {
            throw Problem(error)
        }
    }
}
