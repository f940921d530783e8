import TextAnalysis

/// A built-in embedder that needs no network, no key and no model file: signed feature hashing of a text's terms.
///
/// It sees words, not meanings: texts are near each other when they share words, word forms or, in Korean, Japanese and Chinese, pairs of
/// characters. Vectors are equal on every machine and in every run. A text without any word (empty, symbols only) has the model's fixed
/// vector, which is orthogonal to those of all texts with words.
public struct HashingEmbedder: EmbeddingProvider {
    /// Names the model.
    public static let modelID = "bunko-hash-1536-v1"

    /// The model ``modelID`` of 1,536 dimensions.
    public let model = EmbeddingModel(id: Self.modelID, dimensions: Self.space.dimensions)

    private static let space = TermVectorSpace(dimensions: 1536)

    /// The embedder; it holds no state and costs nothing.
    public init() {}

    /// The question's vector. It knows words alone.
    @concurrent public func queryVector(_ question: String) async throws -> QueryVector {
        var encoder = TermEncoder(Self.space)
        return QueryVector(encoder.vector(of: question, purpose: .query), meaning: 0)
    }

    /// The unit vectors of `texts`, in order, computed one after another on the concurrent executor.
    ///
    /// Never throws `EmbeddingError`; throws `CancellationError` when the task is cancelled, which is looked at every 32 texts.
    @concurrent public func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] {
        var encoder = TermEncoder(Self.space)
        var vectors: [[Float]] = []
        vectors.reserveCapacity(texts.count)
        for (index, text) in texts.enumerated() {
            if index % 32 == 0 { try Task.checkCancellation() }
            vectors.append(encoder.vector(of: text, purpose: purpose))
        }
        return vectors
    }
}
