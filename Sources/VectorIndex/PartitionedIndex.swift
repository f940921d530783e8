import RowFilters
import Dispatch
public import FoundationEssentials
import Synchronization

/// A live vector index over cosine, divided into partitions that are searched, replaced and deleted independently.
///
/// A partition is searched exhaustively while it is small, through 1-bit codes when it grows, and through an inverted file of such codes when
/// it is large; final scores are exact in every case. All methods may be called from any thread. Searches never wait for rows being copied,
/// coded or trained; writers to one partition take turns. The methods are synchronous and use the calling thread: long ones belong outside
/// the cooperative pool. Set BLAS to one thread first (`BLASRuntime.useOneThread`).
public final class PartitionedIndex: Sendable {
    /// The configuration the index was made with.
    public let configuration: IndexConfiguration
    let rotation: Rotation
    let keeper: MemoryKeeper?
    private let partitions: Guarded<[UUID: Partition]>
    private let maintenance = DispatchQueue(label: "bunko.vector-index.maintenance", qos: .utility)
    private let awaiting = Guarded<Set<UUID>>([])
    private let deferrals = Guarded(0)
    let unverified: Guarded<UnverifiedVectors>

    /// An empty index.
    public convenience init(configuration: IndexConfiguration = IndexConfiguration()) {
        precondition(configuration.dimensions > 0, "an index needs at least one dimension")
        let rotation = Rotation(dimensions: configuration.dimensions, seed: configuration.seed)
        self.init(
            configuration: configuration, rotation: rotation, keeper: configuration.memory.map(MemoryKeeper.init), partitions: [:])
    }

    init(
        configuration: IndexConfiguration, rotation: Rotation, keeper: MemoryKeeper?, partitions: [UUID: Partition],
        unverified: UnverifiedVectors = UnverifiedVectors()
    ) {
        self.configuration = configuration
        self.rotation = rotation
        self.keeper = keeper
        self.partitions = Guarded(partitions)
        self.unverified = Guarded(unverified)
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

    func emptyPartition() -> Partition {
        Partition(configuration: configuration, rotation: rotation, memory: keeper)
    }

    /// The partition, made when it is not there yet.
    func made(_ id: UUID) -> Partition {
        partitions.withLock { partitions in
            if let partition = partitions[id] { return partition }
            let partition = emptyPartition()
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

    /// Has the partition maintained in the background if it needs it and the index maintains itself.
    func maintainLater(_ id: UUID, _ partition: Partition) {
        guard configuration.maintainsItself, deferrals.withLock({ $0 == 0 }), partition.wantsTraining || partition.wantsBalancing,
            awaiting.withLock({ $0.insert(id).inserted })
        else { return }
        maintenance.async {
            _ = self.awaiting.withLock { $0.remove(id) }
            partition.maintain()
        }
    }

    /// Trains a partition anew in the background, though it has not outgrown its lists: for rows that have become others than those it was trained
    /// on. Searches see the old lists until the new ones are there. Nothing happens to a partition without lists.
    public func retrain(_ id: UUID) {
        guard let partition = existing(id) else { return }
        maintenance.async { partition.train(anyhow: true) }
    }

    /// Runs `body`, which brings very many rows, before anything is trained in the background: training at each size in between would be for
    /// nothing. Rows can be searched as soon as they are there, in one list if need be, whose scan takes time with its length.
    public func deferringMaintenance<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> R
    ) async rethrows -> R {
        deferrals.withLock { $0 += 1 }
        let result: R
        do {
            result = try await body()
        } catch {
            // What was brought half is likely to be thrown away.
            deferrals.withLock { $0 -= 1 }
            throw error
        }
        deferrals.withLock { $0 -= 1 }
        for (id, partition) in all { maintainLater(id, partition) }
        return result
    }

    /// Trains and reorganises every partition that needs it, on the calling thread, and waits for such work in the background.
    public func maintain() {
        maintenance.sync {}
        for (_, partition) in all { partition.maintain() }
        keepBudget()
    }
}
