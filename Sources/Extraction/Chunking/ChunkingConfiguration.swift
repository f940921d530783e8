/// How a document is cut. All sizes are in estimated tokens.
public struct ChunkingConfiguration: Sendable, Equatable, Codable {
    /// The size aimed at.
    public var targetTokens = 350
    /// A section smaller than this joins a neighbour under the same top heading.
    public var minimumTokens = 64
    /// The size no chunk exceeds.
    public var maximumTokens = 450
    /// How much of `targetTokens` is repeated from the chunk before where a section is cut, in whole sentences.
    public var overlapFraction = 0.15

    /// The product's sizes: 350 tokens, between 64 and 450, 15 % overlap.
    public init() {}
}

/// Why a document could not be cut: the configuration contradicts itself.
public enum ChunkingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `reason` names the field, its value and the values allowed.
    case invalidConfiguration(reason: String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .invalidConfiguration(let reason): "The chunking configuration is not usable: \(reason)."
        }
    }
}

extension ChunkingConfiguration {
    /// - Throws: ``ChunkingError/invalidConfiguration(reason:)`` for sizes that contradict each other.
    func validate() throws(ChunkingError) {
        guard (16...100_000).contains(targetTokens) else {
            throw .invalidConfiguration(reason: "targetTokens is \(targetTokens), allowed are 16 to 100000")
        }
        guard (targetTokens...1_000_000).contains(maximumTokens) else {
            throw .invalidConfiguration(reason: "maximumTokens is \(maximumTokens), allowed are targetTokens (\(targetTokens)) to 1000000")
        }
        guard (0..<targetTokens).contains(minimumTokens) else {
            throw .invalidConfiguration(
                reason: "minimumTokens is \(minimumTokens), allowed are 0 to less than targetTokens (\(targetTokens))")
        }
        guard (0...0.5).contains(overlapFraction) else {
            throw .invalidConfiguration(reason: "overlapFraction is \(overlapFraction), allowed are 0 to 0.5")
        }
    }
}
