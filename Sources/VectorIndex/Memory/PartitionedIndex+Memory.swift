public import FoundationEssentials

extension PartitionedIndex {
    /// Where the index lies. Not one moment for all partitions when writers are active.
    public var memory: IndexMemory {
        var memory = IndexMemory(budget: configuration.memory?.bytes, problem: keeper?.problem)
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

    /// Bytes of the partitions' vectors that lie in files, each of which an exact search reads.
    public func bytesInFiles(of partitions: [UUID]) -> Int {
        partitions.reduce(0) { $0 + (existing($1)?.footprint.inFiles ?? 0) }
    }

    func keepBudgetLater() {
        guard configuration.maintainsItself, let keeper, keeper.wantsCount else { return }
        keeper.makeRoomLater { [weak self] in self?.all.map(\.value) ?? [] }
    }
}
