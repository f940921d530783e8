import Foundation
import VectorDatasets

/// Rows that a set does not have, for those that are to be replaced.
struct FreshRows: Sendable {
    private enum Source: Sendable {
        /// Further chunks of a generated set's documents.
        case generator(SyntheticEmbeddings)
        /// The set's own rows, each moved by the difference of two others.
        case moved(VectorMatrix)
    }

    /// Queries of a set come from the first positions.
    private static let firstPosition = 1 << 24
    /// Length of the move before the row is normalised again.
    private static let move: Float = 0.4

    private let source: Source

    /// Rows like those of a folder.
    init(_ folder: DatasetFolder, base: VectorMatrix) throws {
        if let recipe = try folder.manifest()?.recipe, let preset = EmbeddingPreset(named: recipe.preset) {
            source = .generator(try SyntheticEmbeddings(preset: preset, rows: recipe.rows, seed: recipe.seed))
        } else {
            source = .moved(base)
        }
    }

    /// Where they come from, for the report.
    var description: String {
        switch source {
        case .generator: "further chunks of the same documents"
        case .moved: "rows of the set, moved by the scaled difference of two others"
        }
    }

    /// Some of them; the same number is the same row.
    func vectors(_ numbers: Range<Int>) -> [[Float]] {
        switch source {
        case .generator(let generator):
            let first = Self.firstPosition
            let values = generator.queries(first + numbers.lowerBound..<first + numbers.upperBound)
            let width = values.count / max(1, numbers.count)
            return numbers.indices.map { position in
                let start = (position - numbers.lowerBound) * width
                return Array(values[start..<start + width])
            }
        case .moved(let base):
            return numbers.map { Self.moved(base, $0) }
        }
    }

    private static func moved(_ base: VectorMatrix, _ number: Int) -> [Float] {
        let rows = (0..<3).map { Int(scrambled(3 * number + $0) % UInt64(base.rows)) }.map { base.copy($0..<$0 + 1) }
        let direction = zip(rows[1], rows[2]).map { $0 - $1 }
        let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let own = rows[0].reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0 else { return rows[0] }
        return zip(rows[0], direction).map { $0 + move * own / length * $1 }
    }
}
