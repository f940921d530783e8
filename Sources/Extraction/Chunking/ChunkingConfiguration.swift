/// How a document is cut. All sizes are in tokens, as the chunker's counter counts them.
public struct ChunkingConfiguration: Sendable, Equatable, Codable {
    /// The size aimed at, 64 to 1500; the other sizes follow it unless they are set.
    public var targetTokens: Int
    /// How much of `targetTokens` is repeated from the chunk before where a section is cut, in whole sentences.
    public var overlapFraction = 0.15
    private var givenMinimum: Int?
    private var givenMaximum: Int?

    /// The product's sizes: 350 tokens, between 64 and 450, 15 % overlap; for another target the same in proportion.
    public init(targetTokens: Int = 350) {
        self.targetTokens = targetTokens
    }

    /// A section smaller than this joins a neighbour under the same top heading; 64 for a target of 350.
    public var minimumTokens: Int {
        get { givenMinimum ?? targetTokens * 64 / 350 }
        set { givenMinimum = newValue }
    }

    /// The size no chunk exceeds; 450 for a target of 350.
    public var maximumTokens: Int {
        get { givenMaximum ?? targetTokens * 9 / 7 }
        set { givenMaximum = newValue }
    }
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
    /// The sizes a target may have.
    public static let allowedTargets = 64...1500

    /// - Throws: ``ChunkingError/invalidConfiguration(reason:)`` for sizes out of bounds or against each other.
    public func validate() throws(ChunkingError) {
        guard Self.allowedTargets.contains(targetTokens) else {
            let (least, most) = (Self.allowedTargets.lowerBound, Self.allowedTargets.upperBound)
            throw .invalidConfiguration(reason: "targetTokens is \(targetTokens), allowed are \(least) to \(most)")
        }
        guard (targetTokens...2 * targetTokens).contains(maximumTokens) else {
            throw .invalidConfiguration(
                reason: "maximumTokens is \(maximumTokens), allowed are targetTokens (\(targetTokens)) to twice as many")
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
