public import Foundation
import TextAnalysis

/// An embedding model: vectors of different models must never be compared.
public struct EmbeddingModel: Sendable, Hashable {
    /// Names the model and its version; it changes whenever the model's vectors change.
    public let id: String
    /// The length of its vectors.
    public let dimensions: Int
    /// What a million tokens cost, in the installation's currency.
    public let costPerMillionTokens: Decimal

    /// A model of the given name whose vectors have `dimensions` components; free of charge unless told otherwise.
    public init(id: String, dimensions: Int, costPerMillionTokens: Decimal = 0) {
        self.id = id
        self.dimensions = dimensions
        self.costPerMillionTokens = costPerMillionTokens
    }
}

/// What a text is embedded for; models may treat the two sides of a search differently.
public enum EmbeddingPurpose: Sendable {
    /// A text to be found.
    case passage
    /// A text to find passages by.
    case query
}

/// Vectors and what they were billed at.
public struct EmbeddedTexts: Sendable {
    public var vectors: [[Float]]
    /// The tokens that the provider counted; nil when it does not tell.
    public var tokens: Int?

    public init(vectors: [[Float]], tokens: Int?) {
        self.vectors = vectors
        self.tokens = tokens
    }
}

/// A question as vectors to search passages by.
public struct QueryVector: Sendable {
    /// For a search by vectors alone.
    public var alone: [Float]
    /// For a search that looks for the question's words besides.
    public var besideWords: [Float]
    /// How much the cosines of ``besideWords`` tell beyond what words tell, 0…1: nothing for vectors of hashed words.
    public var meaning: Float
    /// The largest cosine that a passage can have with ``besideWords``, above 0, at most 1.
    public var ceiling: Float
    /// The tokens that the provider counted; nil when it does not tell.
    public var tokens: Int?

    /// A vector that serves both searches.
    public init(_ vector: [Float], meaning: Float = 1, tokens: Int? = nil) {
        self.init(alone: vector, besideWords: vector, meaning: meaning, ceiling: 1, tokens: tokens)
    }

    public init(alone: [Float], besideWords: [Float], meaning: Float, ceiling: Float, tokens: Int? = nil) {
        self.alone = alone
        self.besideWords = besideWords
        self.meaning = meaning
        self.ceiling = ceiling
        self.tokens = tokens
    }
}

/// Turns texts into vectors whose cosine tells how related the texts are.
public protocol EmbeddingProvider: Sendable {
    /// The model all vectors of this provider come from.
    var model: EmbeddingModel { get }

    /// Whether its vectors cost money or much time, so that each is worth keeping.
    var isCostly: Bool { get }

    /// One vector of Euclidean length 1 and `model.dimensions` finite components for each text, in the order of `texts`.
    ///
    /// Throws `EmbeddingError` when no vectors can be had and `CancellationError` when the task is cancelled; there are no partial results.
    func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]]

    /// The same, with the tokens that were counted.
    func embedCounted(_ texts: [String], purpose: EmbeddingPurpose) async throws -> EmbeddedTexts

    /// A question's vectors.
    ///
    /// Throws as `embed` does.
    func queryVector(_ question: String) async throws -> QueryVector
}

extension EmbeddingProvider {
    public func embedCounted(_ texts: [String], purpose: EmbeddingPurpose) async throws -> EmbeddedTexts {
        EmbeddedTexts(vectors: try await embed(texts, purpose: purpose), tokens: nil)
    }

    public func queryVector(_ question: String) async throws -> QueryVector {
        let answer = try await embedCounted([question], purpose: .query)
        guard let vector = answer.vectors.first else { throw EmbeddingError.invalidAnswer(model, reason: "no vector for the question") }
        return QueryVector(vector, tokens: answer.tokens)
    }

    public var isCostly: Bool { model.costPerMillionTokens > 0 }

    /// What so many tokens cost.
    public func cost(of tokens: Int) -> Decimal { Decimal(tokens) * model.costPerMillionTokens / 1_000_000 }

    /// What embedding some texts is accounted at: their tokens, estimated, and what those cost.
    public func charge(for texts: [String]) -> (tokens: Int, cost: Decimal) {
        let estimator = TokenEstimator()
        let tokens = texts.reduce(0) { $0 + estimator.count($1) }
        return (tokens, cost(of: tokens))
    }
}
