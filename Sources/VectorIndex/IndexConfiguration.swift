public import FoundationEssentials

/// What every vector of one index has in common.
public struct IndexConfiguration: Sendable {
    /// Number of float32 values in each vector, at least 1.
    public var dimensions: Int

    /// A configuration; 1536 is the width of OpenAI's small and ada embeddings.
    public init(dimensions: Int = 1536) {
        self.dimensions = dimensions
    }
}

/// One row to be indexed.
public struct IndexRow: Sendable {
    /// Identity of the row inside its partition.
    public var id: UUID
    /// `IndexConfiguration.dimensions` finite values, not all zero. Any length: the index stores it divided by its norm.
    public var vector: [Float]

    /// A row with its vector.
    public init(id: UUID, vector: [Float]) {
        self.id = id
        self.vector = vector
    }
}

/// Size of an index at one moment.
public struct IndexStatistics: Sendable, Equatable {
    /// Partitions with at least one row.
    public var partitions = 0
    /// Rows a search can return.
    public var rows = 0
    /// Removed or replaced rows whose memory is not yet reclaimed; at most a fifth of all stored rows.
    public var tombstones = 0
    /// Memory reserved for vectors and ids, in bytes.
    public var bytes = 0

    /// All zero: an empty index.
    public init() {}
}
