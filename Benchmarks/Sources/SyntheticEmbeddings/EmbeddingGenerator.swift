import Glibc

/// Synthetic text embeddings as hard for an index as OpenAI's: a row is a chunk of a document of a sub-topic of a topic.
///
/// Deterministic: row i of a set of n rows depends on the seed, n and i only. Memory: 3.7 MB for the topics and 32 bytes a document.
public struct EmbeddingGenerator: Sendable {
    private struct Document: Sendable {
        let subtopic: Int
        let spread: Float
        let firstRow: Int
        let chunks: Int
    }

    /// Rows in the set.
    public let rows: Int
    /// Values in a row.
    public let dimensions: Int
    private let law: EmbeddingLaw
    private let seed: UInt64
    private let space: LatentSpace
    /// Latent mean of each sub-topic, its topic's part and the common part included.
    private let means: [[Float]]
    private let documents: [Document]

    /// Prepares a set; `rows` at least 1, `dimensions` at least 224.
    public init(rows: Int, dimensions: Int = 1536, law: EmbeddingLaw = .threeLarge, seed: UInt64) {
        precondition(rows > 0, "a set has at least one row")
        self.rows = rows
        self.dimensions = dimensions
        self.law = law
        self.seed = seed
        space = LatentSpace(dimensions: dimensions, seed: seed)
        means = Self.subtopicMeans(space, law, seed)
        documents = Self.drawDocuments(rows: rows, seed: seed)
    }

    /// Rows of the set, of length 1, in order; a document's chunks stand together.
    public func rows(_ range: Range<Int>) -> [[Float]] {
        var result: [[Float]] = []
        result.reserveCapacity(range.count)
        var position = documentIndex(ofRow: range.lowerBound)
        var latent = documentLatent(position)
        for row in range {
            if row >= documents[position].firstRow + documents[position].chunks, position + 1 < documents.count {
                position += 1
                latent = documentLatent(position)
            }
            result.append(chunk(of: position, latent, NormalGenerator(seed: seed, purpose: .chunk, position: row)))
        }
        return result
    }

    /// Fresh chunks of uniformly drawn documents of the set, of length 1.
    public func queries(_ count: Int) -> [[Float]] {
        (0..<count).map { number in
            var generator = NormalGenerator(seed: seed, purpose: .query, position: number)
            let position = Int.random(in: documents.indices, using: &generator)
            return chunk(of: position, documentLatent(position), generator)
        }
    }

    private func documentIndex(ofRow row: Int) -> Int {
        var low = 0
        var high = documents.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if documents[middle].firstRow <= row { low = middle } else { high = middle - 1 }
        }
        return low
    }

    private func documentLatent(_ position: Int) -> [Float] {
        var generator = NormalGenerator(seed: seed, purpose: .document, position: position)
        let own = space.sample(&generator)
        let weight = Float(law.document.squareRoot())
        return zip(means[documents[position].subtopic], own).map { $0 + weight * $1 }
    }

    private func chunk(of position: Int, _ document: [Float], _ stream: NormalGenerator) -> [Float] {
        var generator = stream
        let weight = Float(law.chunk.squareRoot()) * documents[position].spread
        let latent = zip(document, space.sample(&generator)).map { $0 + weight * $1 }
        let deviation = law.noise / Double(dimensions).squareRoot()
        var row = (0..<dimensions).map { _ in Float(deviation * generator.normal()) }
        row.withUnsafeMutableBufferPointer { space.embed(latent, into: $0) }
        let norm = row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return row.map { Float(Double($0) / norm) }
    }

    private static func subtopicMeans(_ space: LatentSpace, _ law: EmbeddingLaw, _ seed: UInt64) -> [[Float]] {
        (0..<EmbeddingLaw.topics * EmbeddingLaw.subtopicsPerTopic).map { number in
            var topic = NormalGenerator(seed: seed, purpose: .topic, position: number / EmbeddingLaw.subtopicsPerTopic)
            var subtopic = NormalGenerator(seed: seed, purpose: .subtopic, position: number)
            let weights = (Float(law.topic.squareRoot()), Float(law.subtopic.squareRoot()))
            var mean = zip(space.sample(&topic), space.sample(&subtopic)).map { weights.0 * $0 + weights.1 * $1 }
            mean[0] += Float(law.common.squareRoot())
            return mean
        }
    }

    private static func drawDocuments(rows: Int, seed: UInt64) -> [Document] {
        let cumulative = cumulativeWeights(seed)
        let planned = max(1, rows / 8)
        var documents: [Document] = []
        var firstRow = 0
        while firstRow < rows {
            // Past the planned number the set is filled up with documents of one chunk.
            var generator = NormalGenerator(seed: seed ^ 0xD0C5, purpose: .document, position: documents.count)
            let target = generator.uniform() * (cumulative.last ?? 1)
            let subtopic = cumulative.firstIndex { $0 >= target } ?? 0
            let spread = exp(EmbeddingLaw.documentSpread * generator.normal())
            let geometric = 1 + Int(log(generator.uniform()) / log(1 - 1 / EmbeddingLaw.meanChunksPerDocument))
            let chunks = documents.count < planned ? min(1 + geometric, rows - firstRow) : 1
            documents.append(Document(subtopic: subtopic, spread: Float(spread), firstRow: firstRow, chunks: chunks))
            firstRow += chunks
        }
        return documents
    }

    /// min(Z, 50) · LogNormal(0, 0.5) with P(Z = k) ∝ k^-1.5, summed up over the sub-topics.
    private static func cumulativeWeights(_ seed: UInt64) -> [Double] {
        let masses = (1...49).map { pow(Double($0), -1.5) }
        let zeta = 2.612_375_348_685_488
        var sum = 0.0
        return (0..<EmbeddingLaw.topics * EmbeddingLaw.subtopicsPerTopic).map { number in
            var generator = NormalGenerator(seed: seed, purpose: .weight, position: number)
            var remaining = generator.uniform() * zeta
            let z =
                1
                + (masses.firstIndex { mass in
                    remaining -= mass
                    return remaining < 0
                } ?? 49)
            sum += Double(z) * exp(0.5 * generator.normal())
            return sum
        }
    }
}
