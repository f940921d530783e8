import CVectorKernels
import FoundationEssentials

/// The rows one search may return: a view of each of its partitions, and what a filter leaves of it.
struct SearchScope {
    struct Part {
        let id: UUID
        let view: PartitionView
        /// Live rows the filter lets through.
        let rows: Bitmap
        let matched: Int
        let isFiltered: Bool
    }

    let parts: [Part]
    let dimensions: Int
    let rotation: Rotation
    let matched: Int

    init(_ index: PartitionedIndex, partitions: [UUID], allowed: Set<UUID>?) {
        var seen = Set<UUID>()
        parts = partitions.compactMap { id in
            guard seen.insert(id).inserted, let partition = index.existing(id) else { return nil }
            let part = partition.part(id: id, allowed: allowed)
            return part.matched == 0 ? nil : part
        }
        dimensions = index.configuration.dimensions
        rotation = index.rotation
        matched = parts.reduce(0) { $0 + $1.matched }
    }

    /// The search reads its views no more.
    func end() {
        for part in parts { part.view.live.releaseOrder() }
    }

    init(parts: [Part], rotation: Rotation) {
        self.parts = parts
        self.rotation = rotation
        dimensions = rotation.dimensions
        matched = parts.reduce(0) { $0 + $1.matched }
    }
}

extension Partition {
    fileprivate func part(id: UUID, allowed: Set<UUID>?) -> SearchScope.Part {
        guard let allowed else {
            let view = view.withLock { $0 }
            return SearchScope.Part(id: id, view: view, rows: view.live, matched: view.liveCount, isFiltered: false)
        }
        // Writers wait while the ids are looked up, so that slots and view belong together.
        let (view, slots): (PartitionView, [Slot]) = writer.withLock { writer in
            let view = self.view.withLock { $0 }
            var slots: [Slot] = []
            for id in allowed {
                if let slot = writer.slots.find(id, idOf: { view.table.id($0) ?? id }) { slots.append(slot) }
            }
            return (view, slots)
        }
        var rows = Bitmap()
        rows.reserve(view.live.capacity)
        for slot in slots { rows.insert(slot) }
        return SearchScope.Part(id: id, view: view, rows: rows, matched: slots.count, isFiltered: true)
    }
}
