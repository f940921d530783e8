import CSyntheticVectors

/// Synthetic text embeddings as hard for an index as OpenAI's: a row is a chunk of a document of a sub-topic of a topic.
///
/// Deterministic: row i depends on preset, seed, number of rows and i alone, and has the same bits on every processor.
/// Memory: 5 MB for the topics and the basis, and 3 bytes a row for the documents.
public struct SyntheticEmbeddings: Sendable {
    /// Values in a row.
    public static let dimensions = 1536

    /// The law of the set.
    public let preset: EmbeddingPreset
    /// Rows in the set.
    public let rows: Int
    /// What everything is drawn from.
    public let seed: UInt64
    private let space: LatentSpace
    private let table: DocumentTable
    /// Latent middle of each sub-topic, the common part and its topic's included, one after the other.
    private let middles: [Float]

    /// Rows whose images are computed together.
    private static let strip = 64

    /// Prepares a set of at least one row.
    public init(preset: EmbeddingPreset = .threeLarge, rows: Int, seed: UInt64) throws(DatasetError) {
        guard rows > 0 else { throw .emptySet }
        self.preset = preset
        self.rows = rows
        self.seed = seed
        space = try LatentSpace(dimensions: Self.dimensions, seed: seed)
        table = DocumentTable(rows: rows, seed: seed)
        middles = Self.middles(space, preset, seed)
    }

    /// Rows of the set, of length 1, one after the other; a document's chunks stand together.
    public func rows(_ range: Range<Int>) -> [Float] {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of a set of \(rows)")
        return vectors(range, latent: .chunk, noise: .noise) { table.document(ofRow: $0) }
    }

    /// Queries: fresh chunks of documents that are drawn uniformly, of length 1.
    public func queries(_ range: Range<Int>) -> [Float] {
        vectors(range, latent: .queryLatent, noise: .queryNoise) { position in
            var stream = RandomStream(seed: seed, .query, position: position)
            return stream.index(below: table.documents.count)
        }
    }

    /// The tenant of each row: 50 consecutive documents belong to one.
    public func tenants(_ range: Range<Int>) -> [UInt32] {
        range.map { UInt32(table.document(ofRow: $0) / EmbeddingPreset.documentsPerTenant) }
    }

    private func vectors(
        _ range: Range<Int>, latent: DrawPurpose, noise: DrawPurpose, document: (Int) -> Int
    ) -> [Float] {
        let dimensions = Self.dimensions
        return [Float](unsafeUninitializedCapacity: range.count * dimensions) { memory, count in
            count = range.count * dimensions
            guard let start = memory.baseAddress else { return }
            for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.strip) {
                let positions = first..<min(first + Self.strip, range.upperBound)
                let target = start + (first - range.lowerBound) * dimensions
                fill(target, positions, latent: latent, noise: noise, document: document)
            }
        }
    }

    private func fill(
        _ target: UnsafeMutablePointer<Float>, _ positions: Range<Int>, latent: DrawPurpose, noise: DrawPurpose, document: (Int) -> Int
    ) {
        let deviation = Float(preset.noise / Double(Self.dimensions).squareRoot())
        withUnsafeTemporaryAllocation(of: Float.self, capacity: positions.count * LatentSpace.rank) { latents in
            guard let first = latents.baseAddress else { return }
            for (index, position) in positions.enumerated() {
                fillLatent(first + index * LatentSpace.rank, position, latent, document(position))
                bunko_normal_values(
                    seed, noise.rawValue, UInt64(position), deviation, target + index * Self.dimensions, Self.dimensions)
            }
            space.addImages(of: first, to: target, count: positions.count)
        }
        bunko_normalize_rows(target, Self.dimensions, positions.count)
    }

    /// Sub-topic's middle, document's and chunk's own part.
    private func fillLatent(_ latent: UnsafeMutablePointer<Float>, _ position: Int, _ purpose: DrawPurpose, _ number: Int) {
        let document = table.documents[number]
        middles.withUnsafeBufferPointer { middles in
            let start = Int(document.subtopic) * LatentSpace.rank
            for axis in 0..<LatentSpace.rank { latent[axis] = middles[start + axis] }
        }
        let documentWeight = Float(preset.document.squareRoot())
        space.addSample(seed: seed, .documentLatent, position: number, weight: documentWeight, to: latent)
        let chunkWeight = Float(preset.chunk.squareRoot()) * document.spread
        space.addSample(seed: seed, purpose, position: position, weight: chunkWeight, to: latent)
    }

    private static func middles(_ space: LatentSpace, _ preset: EmbeddingPreset, _ seed: UInt64) -> [Float] {
        var middles = [Float](repeating: 0, count: EmbeddingPreset.subtopics * LatentSpace.rank)
        middles.withUnsafeMutableBufferPointer { memory in
            guard let start = memory.baseAddress else { return }
            for number in 0..<EmbeddingPreset.subtopics {
                let middle = start + number * LatentSpace.rank
                middle[0] = Float(preset.common.squareRoot())
                let topic = number / EmbeddingPreset.subtopicsPerTopic
                space.addSample(seed: seed, .topic, position: topic, weight: Float(preset.topic.squareRoot()), to: middle)
                space.addSample(seed: seed, .subtopic, position: number, weight: Float(preset.subtopic.squareRoot()), to: middle)
            }
        }
        return middles
    }
}
