public import RowFilters
public import FoundationEssentials

/// What all partitions of one index have in common.
public struct IndexConfiguration: Sendable {
    /// Number of float32 values in each vector, at least 1.
    public var dimensions: Int
    /// Partitions of up to this many rows are searched exhaustively; larger ones through 1-bit codes.
    public var exhaustiveRows = 256
    /// Partitions of more rows than this are divided into lists. They go back to one list under half of it.
    public var singleListRows = 20_000
    /// Threads that training uses, the calling one among them.
    public var workers = 1
    /// Fixes the random rotation and the training: equal rows inserted in the same order give the same index.
    public var seed: UInt64 = 1
    /// How much memory the index may take; nil: as much as it needs.
    public var memory: MemoryBudget?
    /// When partitions are reorganised.
    var maintenance = MaintenanceThresholds()
    /// Whether the index trains and reorganises partitions, and keeps its budget, on threads of its own; otherwise `maintain` does.
    public var maintainsItself = true

    /// A configuration; 1536 is the width of OpenAI's small and ada embeddings.
    public init(dimensions: Int = 1536) {
        self.dimensions = dimensions
    }
}

/// From which sizes on reorganising pays. Tests lower them, so that small partitions live through everything that large ones do.
struct MaintenanceThresholds: Sendable {
    /// Lists are rewritten without their dead rows when these are more than a fifth, and at least this many.
    var deadRowsInList = 16
    /// Chunks are numbered anew when more numbers than this, and more than half of all, belong to dropped ones.
    var droppedChunks = 64
    /// Rows that stand in for queries when the recall is measured: that of so many has a standard error of about 0.005.
    var calibrationRows = 400
    /// Lists with fewer rows are not split.
    var smallestSplit = 64
}

/// One row to be indexed.
public struct IndexRow: Sendable {
    /// Identity of the row inside its partition.
    public var id: UUID
    /// `IndexConfiguration.dimensions` finite values, not all zero. Any length: the index stores it divided by its norm.
    public var vector: [Float]
    /// What filters may ask about it.
    public var attributes: RowAttributes

    /// A row with its vector, and with no attributes unless some are given.
    public init(id: UUID, vector: [Float], attributes: RowAttributes = RowAttributes()) {
        self.id = id
        self.vector = vector
        self.attributes = attributes
    }
}

/// Size of an index at one moment.
public struct IndexStatistics: Sendable, Equatable {
    /// Partitions with at least one row.
    public var partitions = 0
    /// Rows a search can return.
    public var rows = 0
    /// Removed or replaced rows whose memory is not yet reclaimed; at most about a fifth of all stored rows.
    public var tombstones = 0
    /// Lists of all partitions: one for each that is searched through codes, more for those that are trained.
    public var lists = 0
    /// Reserved for vectors, ids, attributes, codes and centroids, in bytes, wherever they lie.
    public var bytes = 0

    /// All zero: an empty index.
    public init() {}
}
