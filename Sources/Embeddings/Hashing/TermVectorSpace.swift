import TextAnalysis

/// Where terms lie in a space of some dimensions: each is a sparse random direction derived from its bytes.
struct TermVectorSpace {
    /// The length of the vectors.
    let dimensions: Int
    /// The component of texts without words.
    let emptyComponent = 0
    /// The components of the length pivot (see `TermEncoder`), which queries leave at zero.
    let pivotComponents = 1..<64
    /// The components of terms.
    let termComponents: Range<Int>

    /// A space of more than 64 dimensions; directions differ with their number.
    init(dimensions: Int) {
        self.dimensions = dimensions
        termComponents = pivotComponents.upperBound..<dimensions
    }

    /// How many components a term has; several, so that two terms rarely share more than a small part of their mass.
    private static let componentsPerTerm = 8
    private static let componentsPerGram = 2
    /// The part of a word's direction, relative to 1 for the word itself, that it shares with words spelt alike.
    private static let spellingWeight: Float = 0.5
    /// The length of the character sequences by which spelling is compared.
    private static let gramLength = 4

    /// Appends the components of the term with the given hash and bytes, scaled to about unit length, to `direction`.
    func append(_ term: LexicalTerm, hash: UInt64, to direction: inout SparseRows) {
        let isWord = term.kind == .word || term.kind == .commonWord
        let grams = isWord ? CharacterGrams(term.utf8, length: Self.gramLength) : nil
        guard let grams, grams.count > 0 else { return scatter(hash, Self.componentsPerTerm, mass: 1, to: &direction) }
        let shared = Self.spellingWeight * Self.spellingWeight
        scatter(hash, Self.componentsPerTerm, mass: 1 / (1 + shared), to: &direction)
        let massPerGram = shared / (1 + shared) / Float(grams.count)
        grams.forEachHash { scatter($0, Self.componentsPerGram, mass: massPerGram, to: &direction) }
    }

    /// Appends `count` components of pseudo-random place and sign with squares that add up to `mass`.
    private func scatter(_ hash: UInt64, _ count: Int, mass: Float, to direction: inout SparseRows) {
        let size = (mass / Float(count)).squareRoot()
        for pair in 0..<UInt64(count / 2) {
            let bits = StableHash.mixed(hash &+ (pair + 1) &* 0x9E37_79B9_7F4A_7C15)
            component(UInt32(truncatingIfNeeded: bits), size, to: &direction)
            component(UInt32(truncatingIfNeeded: bits >> 32), size, to: &direction)
        }
    }

    private func component(_ bits: UInt32, _ size: Float, to direction: inout SparseRows) {
        let place = Int((UInt64(bits >> 1) * UInt64(termComponents.count)) >> 31)
        direction.append(termComponents.lowerBound + place, bits & 1 == 0 ? size : -size)
    }
}
