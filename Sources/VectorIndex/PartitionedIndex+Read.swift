import CVectorKernels
import RowFilters
public import FoundationEssentials
import Synchronization

extension PartitionedIndex {
    /// The partitions that hold rows, in no particular order.
    public var partitionIDs: [UUID] {
        all.filter { $0.value.count > 0 }.map(\.key)
    }

    /// Ids of the rows a search of the partition could return, in no particular order; none for an unknown one.
    public func ids(in partition: UUID) -> [UUID] {
        existing(partition)?.liveIDs() ?? []
    }

    /// Rows as the index holds them, by id: vectors at unit length, attributes with each keyword once. Ids that are not there are left out. Holds up the
    /// partition's writers for as long as the rows are copied.
    public func rows(_ ids: some Sequence<UUID>, in partition: UUID) -> [UUID: IndexRow] {
        existing(partition)?.rows(ids) ?? [:]
    }

    /// The vectors of some rows of the partitions at unit length, by id; ids that are not there are left out.
    public func vectors(of ids: some Collection<UUID>, in partitions: [UUID]) -> [UUID: [Float]] {
        partitions.reduce(into: [:]) { existing($1)?.addVectors(of: ids, &$0) }
    }

    /// The cosines between a vector and some rows of the partitions, by id; ids that are not there are left out. Costs a cache miss or two and
    /// a tenth of a microsecond for each id.
    /// - Throws: for a vector as `search` refuses it.
    public func cosines(
        _ vector: [Float], to ids: some Collection<UUID>, in partitions: [UUID]
    ) throws(VectorIndexError) -> [UUID: Float] {
        let norm = try validatedNorm(vector, of: .query(0), dimensions: configuration.dimensions)
        guard !ids.isEmpty else { return [:] }
        var unit = [Float](repeating: 0, count: vector.count)
        bunko_scale(vector, 1 / norm, &unit, vector.count)
        var cosines: [UUID: Float] = [:]
        let extent = QueryCode.extent(of: unit, unit.count)
        for partition in partitions { existing(partition)?.addCosines(unit, extent, to: ids, &cosines) }
        return cosines
    }
}

extension Partition {
    fileprivate func addCosines(_ unit: [Float], _ extent: Int, to wanted: some Collection<UUID>, _ cosines: inout [UUID: Float]) {
        let (rows, view) = slots(of: wanted)
        for (id, slot) in rows {
            // As `search` has it: never beyond 1 by rounding.
            cosines[id] = max(-1, min(1, bunko_dot(unit, view.table.vector(slot), extent)))
        }
    }

    fileprivate func addVectors(of wanted: some Collection<UUID>, _ vectors: inout [UUID: [Float]]) {
        let (rows, view) = slots(of: wanted)
        for (id, slot) in rows { vectors[id] = Array(UnsafeBufferPointer(start: view.table.vector(slot), count: dimensions)) }
    }

    /// Slots and view of one moment. A copy of the table would outlive the lock, and a writer would have to copy it.
    private func slots(of wanted: some Collection<UUID>) -> (rows: [(id: UUID, slot: Slot)], view: PartitionView) {
        let found = ids.withLock { ids in
            let view = self.view.withLock { $0 }
            let rows = wanted.compactMap { id in
                ids.find(id, idOf: { view.table.id($0) ?? id }).map { (id: id, slot: $0) }
            }
            return (rows, view)
        }
        read(rows: found.0.count)
        return found
    }

    fileprivate func liveIDs() -> [UUID] {
        let view = view.withLock { $0 }
        return view.live.slots.compactMap { view.table.id($0) }
    }

    fileprivate func rows(_ wanted: some Sequence<UUID>) -> [UUID: IndexRow] {
        writer.withLock { writer in
            let (ids, view) = idsAndView()
            let content = view.attributes?.withContent { $0 }
            var rows: [UUID: IndexRow] = [:]
            for id in wanted {
                guard let slot = ids.find(id, idOf: { view.table.id($0) ?? id }) else { continue }
                let attributes = attributes(at: slot, content, writer)
                let vector = UnsafeBufferPointer(start: view.table.vector(slot), count: dimensions)
                rows[id] = IndexRow(id: id, vector: Array(vector), attributes: attributes)
            }
            return rows
        }
    }

    /// What filters may ask about a row. The caller holds `writer`.
    func attributes(at slot: Slot, _ content: AttributeTable.Content?, _ writer: PartitionWriter) -> RowAttributes {
        var attributes = RowAttributes()
        guard let content else { return attributes }
        for code in writer.attributes.codes(at: slot) {
            let term = content.terms[Int(code)]
            attributes.keywords[term.key, default: []].append(term.keyword.text)
        }
        for (key, number) in content.numbers(at: slot) { attributes.numbers[key] = number }
        return attributes
    }
}
