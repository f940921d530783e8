import TextAnalysis

/// Computes vectors of texts one at a time, keeping its work space between them.
///
/// A text is a set of terms t with targets w(t): the prior weight of the term's kind times the saturating function of its frequency that
/// BM25 uses. The vector is the shortest one whose inner product with the direction of each term is that target (a linear associative
/// memory: least squares, by a few steps of conjugate gradients), not the plain weighted sum of directions as in ordinary feature hashing:
/// it answers for the terms a text has without the noise of their collisions. Passages then get a pivot, a component of fixed length that
/// no query has, so that dividing by the length favours short texts less (pivoted length normalisation); its direction is a coarse sketch
/// of the terms, so that only like texts share it.
struct TermEncoder {
    /// The frequency at which a term's weight is half of its limit, as k1 in BM25.
    private static let saturation: Float = 1.2
    /// The square of the pivot's length, in units of the weight of a content word that occurs once.
    private static let pivot: Float = 30

    private let space: TermVectorSpace
    private let analyzer = LexicalAnalyzer()
    private var rowOfTerm: [UInt64: Int] = [:]
    private var hashes: [UInt64] = []
    private var frequencies: [Float] = []
    private var priors: [Float] = []
    private var directions = SparseRows()
    private var solver = MinimumNormSolver()

    init(_ space: TermVectorSpace) {
        self.space = space
    }

    /// The unit vector of `text`.
    mutating func vector(of text: String, purpose: EmbeddingPurpose) -> [Float] {
        collectTerms(of: text)
        var vector = [Float](repeating: 0, count: space.dimensions)
        guard !hashes.isEmpty else {
            vector[space.emptyComponent] = 1
            return vector
        }
        let targets = zip(frequencies, priors).map { $1 * $0 * (1 + Self.saturation) / ($0 + Self.saturation) }
        solver.solve(directions, targets: targets, into: &vector)
        if purpose == .passage { addPivot(targets, to: &vector) }
        Self.normalize(&vector)
        return vector
    }

    private mutating func collectTerms(of text: String) {
        rowOfTerm.removeAll(keepingCapacity: true)
        hashes.removeAll(keepingCapacity: true)
        frequencies.removeAll(keepingCapacity: true)
        priors.removeAll(keepingCapacity: true)
        directions.removeAll()
        analyzer.forEachTerm(in: text) { term in
            let hash = StableHash.of(term.utf8)
            let prior = Self.prior(of: term.kind)
            if let row = rowOfTerm[hash] {
                frequencies[row] += 1
                priors[row] = max(priors[row], prior)
                return
            }
            rowOfTerm[hash] = hashes.count
            hashes.append(hash)
            frequencies.append(1)
            priors.append(prior)
            space.append(term, hash: hash, to: &directions)
            directions.endRow()
        }
    }

    /// What a term of this kind is worth before anything is known of the corpus.
    private static func prior(of kind: LexicalTerm.Kind) -> Float {
        switch kind {
        case .word, .characterPair: 1
        case .commonWord: 0.75
        case .particlePair, .hiraganaPair: 0.3
        case .functionWord: 0.1
        }
    }

    private func addPivot(_ targets: [Float], to vector: inout [Float]) {
        let components = space.pivotComponents
        for (hash, target) in zip(hashes, targets) {
            let bits = StableHash.mixed(hash)
            vector[components.lowerBound + Int(bits >> 8) % components.count] += bits & 1 == 0 ? target : -target
        }
        let length = vector[components].reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0 else { return vector[components.lowerBound] = Self.pivot.squareRoot() }
        for index in components { vector[index] *= Self.pivot.squareRoot() / length }
    }

    private static func normalize(_ vector: inout [Float]) {
        let length = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        for index in vector.indices { vector[index] = Float(Double(vector[index]) / length) }
    }
}
