public import FoundationEssentials

/// How much memory an index may take, and where vectors go for which there is no room.
public struct MemoryBudget: Sendable, Equatable {
    /// Bytes of vectors, ids, attributes, codes and centroids together, at least 1. Only vectors can leave memory; the rest, about a twentieth at 1536
    /// dimensions, counts too.
    public var bytes: Int
    /// A folder on a disk with room for all vectors. The files that are made in it have no names, and go with the index or the process.
    public var folder: URL

    /// A budget of so many bytes.
    public init(bytes: Int, folder: URL) {
        self.bytes = max(1, bytes)
        self.folder = folder
    }
}

/// Where an index lies at one moment.
public struct IndexMemory: Sendable, Equatable {
    /// Nil without a budget.
    public var budget: Int?
    /// Bytes in memory: of vectors that lie in files as many as searches, comparisons, snapshots and trainings may have brought in since they
    /// were last let go. What a search or a snapshot under way still refers to is not counted once it has left.
    public var resident = 0
    /// Bytes of vectors that lie in files, and come into memory as searches read them.
    public var inFiles = 0
    /// Bytes on the disk that the file for vectors takes, snapshots not included.
    public var onDisk = 0
    /// Partitions whose vectors lie in files, and have not been read since they were let go.
    public var evictedPartitions = 0
    /// Why vectors could not leave memory when they were last to; nil when they could.
    public var problem: SnapshotError?
}
