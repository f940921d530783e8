public import FoundationEssentials

extension PartitionedIndex {
    /// Removes rows; ids that are not there are ignored. No search that starts after the return finds them. Returns how many were there.
    @discardableResult
    public func remove(_ ids: some Sequence<UUID>, from partition: UUID) -> Int {
        guard let target = existing(partition) else { return 0 }
        let count = target.remove(Array(ids))
        if count > 0 { maintainLater(partition, target) }
        keepBudgetLater()
        return count
    }

    /// Removes a partition with all its rows, in constant time but for the release of its memory. Returns how many rows it had.
    @discardableResult
    public func removePartition(_ partition: UUID) -> Int {
        exchange(partition, with: nil)?.count ?? 0
    }
}
