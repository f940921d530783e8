import TextAnalysis

/// Where terms lie in the embedding space: each is a sparse random direction derived from its bytes.
enum TermVectorSpace {
    /// The length of the vectors.
    static let dimensions = 1536
    /// The component of texts without words.
    static let emptyComponent = 0
    /// The components of the length pivot (see `TextEncoder`), which queries leave at zero.
    static let pivotComponents = 1..<64
    /// The components of terms.
    static let termComponents = 64..<1536

    /// How many components a term has; several, so that two terms rarely share more than a small part of their mass.
    private static let componentsPerTerm = 8
    private static let componentsPerGram = 2
    /// The part of a word's direction, relative to 1 for the word itself, that it shares with words spelt alike.
    private static let spellingWeight: Float = 0.5
    /// The length of the character sequences by which spelling is compared.
    private static let gramLength = 4

    /// Appends the components of the term with the given hash and bytes, scaled to about unit length, to `direction`.
    static func append(_ term: LexicalTerm, hash: UInt64, to direction: inout SparseRows) {
        let isWord = term.kind == .word || term.kind == .commonWord
        let grams = isWord ? CharacterGrams(term.utf8, length: gramLength) : nil
        guard let grams, grams.count > 0 else { return scatter(hash, componentsPerTerm, mass: 1, to: &direction) }
        let shared = spellingWeight * spellingWeight
        scatter(hash, componentsPerTerm, mass: 1 / (1 + shared), to: &direction)
        let massPerGram = shared / (1 + shared) / Float(grams.count)
        grams.forEachHash { scatter($0, componentsPerGram, mass: massPerGram, to: &direction) }
    }

    /// Appends `count` components of pseudo-random place and sign with squares that add up to `mass`.
    private static func scatter(_ hash: UInt64, _ count: Int, mass: Float, to direction: inout SparseRows) {
        let size = (mass / Float(count)).squareRoot()
        for pair in 0..<UInt64(count / 2) {
            let bits = StableHash.mixed(hash &+ (pair + 1) &* 0x9E37_79B9_7F4A_7C15)
            component(UInt32(truncatingIfNeeded: bits), size, to: &direction)
            component(UInt32(truncatingIfNeeded: bits >> 32), size, to: &direction)
        }
    }

    private static func component(_ bits: UInt32, _ size: Float, to direction: inout SparseRows) {
        let place = Int((UInt64(bits >> 1) * UInt64(termComponents.count)) >> 31)
        direction.append(termComponents.lowerBound + place, bits & 1 == 0 ? size : -size)
    }
}
