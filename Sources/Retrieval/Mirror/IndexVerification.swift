public import Foundation

/// What comparing an index with its table brought to light.
public struct IndexVerification: Sendable, Codable {
    /// How a row of the index differs from that of the table.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Not in the index.
        case missing
        /// In the index alone.
        case extra
        /// Other words, or none.
        case words
        /// Another vector.
        case vector
        /// Other tags, source type, file, time or metadata.
        case attributes
    }

    /// A row that differs.
    public struct Difference: Sendable, Codable, Hashable {
        public var kind: Kind
        public var id: UUID
        public var partition: UUID
    }

    /// Rows of the table that can be searched, and of the index.
    public var table_rows = 0
    public var index_rows = 0
    public var partitions = 0
    /// Rows whose vector has no direction, which no search by angle can find.
    public var unsearchable = 0
    /// Rows that differ, by kind.
    public var differing: [String: Int] = [:]
    /// Some of them.
    public var examples: [Difference] = []
    /// Rows put right.
    public var repaired = 0
    /// Rows whose ten nearest were looked for by the index and by the database, and the share the index found; nil when there were none.
    public var compared = 0
    public var recall: Double?
    public var seconds = 0.0

    /// Whether index and table are the same.
    public var isSame: Bool { differing.isEmpty }
}
