import Synchronization

/// How far the rows are from those their lists were trained on.
public struct IndexDrift: Sendable, Equatable {
    /// Partitions with trained lists.
    public var trainedPartitions = 0
    /// How often lists were replaced by newly trained ones since the index was made or loaded, the first time of each partition included.
    public var trainings = 0
    /// The largest of all partitions: the mean number of rows in the list of a row, over that in a list; 1 when all lists are as long.
    /// The factor of Jégou, Douze and Schmid (2011), product quantization for nearest neighbor search.
    public var imbalance = 1.0
    /// The largest of all partitions: rows now over rows at its training. Over 4 it is trained anew.
    public var growth = 1.0
}

extension PartitionedIndex {
    /// How far the index has drifted from its training. Not one moment for all partitions when writers are active.
    public var drift: IndexDrift {
        var drift = IndexDrift()
        for (_, partition) in all {
            drift.trainings += partition.trainings.load(ordering: .relaxed)
            let view = partition.view.withLock { $0 }
            guard let coarse = view.table.coarse, view.liveCount > 0 else { continue }
            drift.trainedPartitions += 1
            drift.growth = max(drift.growth, Double(view.liveCount) / Double(max(1, coarse.trainedRows)))
            let counts = view.table.lists.map { Double($0.count) }
            let total = counts.reduce(0, +)
            let squares = counts.reduce(0) { $0 + $1 * $1 }
            if total > 0 { drift.imbalance = max(drift.imbalance, Double(counts.count) * squares / (total * total)) }
        }
        return drift
    }
}
