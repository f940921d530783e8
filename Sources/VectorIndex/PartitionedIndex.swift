public import FoundationEssentials
import Synchronization

/// A live vector index over cosine, divided into partitions that are searched, replaced and deleted independently.
///
/// All methods may be called from any thread. Searches never wait for vectors being copied; writers to one partition take turns. The
/// methods are synchronous and use the calling thread: a search reads 6 KB a row at 1536 dimensions, so large ones belong on a thread
/// outside the cooperative pool. Set BLAS to one thread first (`BLASRuntime.useOneThread`).
public final class PartitionedIndex: Sendable {
    /// The configuration the index was made with.
    public let configuration: IndexConfiguration
    private let partitions = Mutex<[UUID: Partition]>([:])

    /// An empty index.
    public init(configuration: IndexConfiguration = IndexConfiguration()) {
        precondition(configuration.dimensions > 0, "an index needs at least one dimension")
        self.configuration = configuration
    }

    /// Whether a search of this partition could return the row.
    public func contains(_ id: UUID, in partition: UUID) -> Bool {
        existing(partition)?.contains(id) ?? false
    }

    /// Rows a search of this partition could return; 0 for an unknown one.
    public func count(in partition: UUID) -> Int {
        existing(partition)?.count ?? 0
    }

    /// Size of the index. Not one moment for all partitions when writers are active.
    public var statistics: IndexStatistics {
        var statistics = IndexStatistics()
        for (_, partition) in all { partition.add(to: &statistics) }
        return statistics
    }

    var all: [UUID: Partition] {
        partitions.withLock { $0 }
    }

    func existing(_ id: UUID) -> Partition? {
        partitions.withLock { $0[id] }
    }

    /// The partition, made when it is not there yet.
    func made(_ id: UUID) -> Partition {
        partitions.withLock { partitions in
            if let partition = partitions[id] { return partition }
            let partition = Partition(dimensions: configuration.dimensions)
            partitions[id] = partition
            return partition
        }
    }

    /// Puts a partition in place of another, or takes it out with nil; returns the one that was there.
    func exchange(_ id: UUID, with partition: Partition?) -> Partition? {
        partitions.withLock { partitions in
            let old = partitions[id]
            partitions[id] = partition
            return old
        }
    }
}
