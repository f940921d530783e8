import Glibc

/// Which document each row of a synthetic set is a chunk of.
struct DocumentTable: Sendable {
    struct Document: Sendable {
        let subtopic: UInt32
        /// σ_doc: how far the document's chunks lie from its middle.
        let spread: Float
        let firstRow: Int
    }

    let rows: Int
    private(set) var documents: [Document] = []
    /// Rows from here on are further chunks of documents drawn uniformly, because the planned documents ran out.
    private(set) var firstExtraRow: Int
    private let seed: UInt64

    init(rows: Int, seed: UInt64) {
        self.rows = rows
        self.seed = seed
        let cumulative = Self.cumulativeWeights(seed)
        let planned = max(1, rows / EmbeddingPreset.rowsPerDocument)
        documents.reserveCapacity(planned)
        var row = 0
        while row < rows, documents.count < planned {
            var stream = RandomStream(seed: seed, .document, position: documents.count)
            let target = stream.uniform() * (cumulative.last ?? 1)
            let spread = exp(EmbeddingPreset.documentSpread * stream.normal())
            documents.append(
                Document(subtopic: UInt32(Self.position(of: target, in: cumulative)), spread: Float(spread), firstRow: row))
            row += 1 + Self.geometric(&stream)
        }
        firstExtraRow = min(row, rows)
    }

    /// The document of a row. Logarithmic in their number.
    func document(ofRow row: Int) -> Int {
        if row >= firstExtraRow {
            var stream = RandomStream(seed: seed, .extraChunk, position: row)
            return stream.index(below: documents.count)
        }
        var low = 0
        var high = documents.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if documents[middle].firstRow <= row { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// Counted from 1, with the mean `meanFurtherChunks`.
    private static func geometric(_ stream: inout RandomStream) -> Int {
        1 + Int(log(stream.uniform()) / log(1 - 1 / EmbeddingPreset.meanFurtherChunks))
    }

    /// First position whose cumulative weight is not under the target.
    private static func position(of target: Double, in cumulative: [Double]) -> Int {
        var low = 0
        var high = cumulative.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] < target { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// min(Z, 50) · LogNormal(0, 0.5) with P(Z = k) ∝ k^-1.5, summed up over the sub-topics.
    private static func cumulativeWeights(_ seed: UInt64) -> [Double] {
        let largest = 50
        let masses = (1..<largest).map { pow(Double($0), -1.5) }
        // The sum of all k^-1.5.
        let zeta = 2.612_375_348_685_488
        var sum = 0.0
        return (0..<EmbeddingPreset.subtopics).map { number in
            var stream = RandomStream(seed: seed, .weight, position: number)
            var remaining = stream.uniform() * zeta
            let found = masses.firstIndex { mass in
                remaining -= mass
                return remaining < 0
            }
            sum += Double(found.map { $0 + 1 } ?? largest) * exp(0.5 * stream.normal())
            return sum
        }
    }
}
