import Foundation

/// What a generated set is: `dataset.json` in its folder. The same recipe gives the same bytes.
public struct DatasetManifest: Codable, Sendable, Equatable {
    /// What a set is generated from.
    public struct Recipe: Codable, Sendable, Equatable {
        /// Version of the generator: another one makes other rows of the same numbers.
        public var generator: Int
        /// `EmbeddingPreset.name`.
        public var preset: String
        /// Rows of the base.
        public var rows: Int
        /// Rows of the queries.
        public var queries: Int
        /// What everything is drawn from.
        public var seed: UInt64
        /// Exact neighbours of each query.
        public var k: Int

        /// The current generator's version.
        public static let currentGenerator = 1

        /// A recipe for the current generator.
        public init(preset: EmbeddingPreset, rows: Int, queries: Int, seed: UInt64, k: Int = 100) {
            generator = Self.currentGenerator
            self.preset = preset.name
            self.rows = rows
            self.queries = queries
            self.seed = seed
            self.k = k
        }
    }

    /// What the set was made from.
    public var recipe: Recipe
    /// Values in a row.
    public var dimensions: Int
    /// SHA-256 of `base.fbin` in hexadecimal.
    public var baseSHA256: String

    enum CodingKeys: String, CodingKey {
        case recipe, dimensions
        case baseSHA256 = "base_sha256"
    }

    static func read(_ path: String) throws(DatasetError) -> DatasetManifest {
        let file = try MappedFile(path: path)
        do {
            return try JSONDecoder().decode(DatasetManifest.self, from: file.bytes)
        } catch {
            throw .badHeader(path: path, offset: 0, what: "this is not the manifest of a data set")
        }
    }

    func write(_ path: String) throws(DatasetError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(self).write(to: URL(filePath: path))
        } catch {
            throw .unwritable(path: path, reason: MappedFile.reason(error))
        }
    }
}
