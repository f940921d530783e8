public import FoundationEssentials

extension PartitionedIndex {
    /// Where the index lies. Not one moment for all partitions when writers are active.
    public var memory: IndexMemory {
        var memory = IndexMemory(budget: configuration.memory?.bytes, onDisk: keeper?.onDisk ?? 0, problem: keeper?.problem)
        for (_, partition) in all where partition.count > 0 {
            let footprint = partition.footprint
            memory.resident += footprint.resident
            memory.inFiles += footprint.inFiles
            if footprint.inFiles > 0, footprint.touched == 0 { memory.evictedPartitions += 1 }
        }
        return memory
    }

    /// Keeps the index inside its budget, on the calling thread: the vectors of the partitions searched least recently leave memory. The index
    /// does so by itself soon after it has grown; whoever brings rows faster than they can be written calls this in between. Costs next to
    /// nothing when there is nothing to do. What goes wrong is in ``IndexMemory/problem``.
    public func keepBudget() {
        keeper?.makeRoom(in: all.map(\.value))
    }

    /// Whether an exact search of the partitions would bring so much into memory that others had to leave: an eighth of the budget.
    public func wouldCrowdOut(searching partitions: [UUID]) -> Bool {
        guard let keeper else { return false }
        return partitions.reduce(0) { $0 + (existing($1)?.footprint.inFiles ?? 0) } > keeper.budget.bytes / 8
    }

    func keepBudgetLater() {
        guard configuration.maintainsItself, let keeper, keeper.wantsCount else { return }
        keeper.makeRoomLater { [weak self] in self?.all.map(\.value) ?? [] }
    }
}
