import RowFilters
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
        /// The partition, where a budget wants to know what is read.
        var budgeted: Partition?
        /// How many times as often two of the filter's rows lie in the same list as two random ones; 1 where that was not looked up.
        var concentration = 1.0
    }

    let parts: [Part]
    let dimensions: Int
    let rotation: Rotation
    let matched: Int

    init(_ index: PartitionedIndex, partitions: [UUID], allowed: Set<UUID>?, filter: RowFilter?) {
        var seen = Set<UUID>()
        parts = partitions.compactMap { id in
            guard seen.insert(id).inserted, let partition = index.existing(id) else { return nil }
            let part = partition.part(id: id, allowed: allowed, filter: filter)
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

extension SearchScope.Part {
    /// The rows of a list that may be found.
    func rows(inList number: Int) -> [Slot] {
        let list = view.table.lists[number]
        return (0..<list.count).lazy.map { list.slot($0) }.filter(rows.contains)
    }
}

extension Partition {
    fileprivate func part(id: UUID, allowed: Set<UUID>?, filter: RowFilter?) -> SearchScope.Part {
        let (view, allowedRows) = allowed.map(rows) ?? (view.withLock { $0 }, nil)
        var rows = view.live
        if let filter { rows.formIntersection(filter.rows(of: view.live, view.attributes)) }
        if let allowedRows { rows.formIntersection(allowedRows) }
        let matched = allowed == nil && filter == nil ? view.liveCount : rows.count
        // A filter that lets every row through costs nothing more.
        var part = SearchScope.Part(id: id, view: view, rows: rows, matched: matched, isFiltered: matched < view.liveCount)
        if memory != nil { part.budgeted = self }
        if part.isFiltered, view.table.coarse != nil, matched > PartitionSearch.rowsScannedDirectly {
            part.concentration = part.sampledConcentration
        }
        return part
    }

    private func rows(_ allowed: Set<UUID>) -> (PartitionView, Bitmap?) {
        let (ids, view) = idsAndView()
        var rows = Bitmap(capacity: view.live.capacity)
        for id in allowed {
            if let slot = ids.find(id, idOf: { view.table.id($0) ?? id }) { rows.insert(slot) }
        }
        return (view, rows)
    }
}
