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
            return try await usage.measure(call) { call in
                let answer = try await embedder.embedCounted(passages, purpose: .passage)
                guard answer.vectors.count == passages.count else {
                    throw EmbeddingError.invalidAnswer(model, reason: "\(answer.vectors.count) vectors for \(passages.count) texts")
                }
                if let tokens = answer.tokens { (call.tokens, call.cost) = (tokens, embedder.cost(of: tokens)) }
                return answer.vectors
            }
        } catch let error as EmbeddingError {
            throw Problem(error)
        }
    }
}
