import CVectorKernels

extension SearchScope.Part {
    /// How many of the filter's rows lie in each list, of one in `step` rows. Costs a microsecond for each thousand rows that are looked up.
    ///
    /// Documents of one topic lie in few lists: probing the others would find nothing.
    func rowsByList(oneOf step: Int) -> [UInt32] {
        let table = view.table
        var counts = [UInt32](repeating: 0, count: table.lists.count)
        var places = table.bunkoPlaces
        bunko_count_places(&places, rows.words, rows.words.count, step, &counts, counts.count)
        return counts
    }

    /// The quads that hold the codes of the filter's rows, but for rows whose code moved since the view was taken.
    var quads: [bunko_quad] {
        let table = view.table
        let size = Int(table.quadWords[table.lists.count])
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: size) { marks in
            marks.initialize(repeating: 0)
            return [bunko_quad](unsafeUninitializedCapacity: matched) { quads, count in
                var places = table.bunkoPlaces
                count = bunko_find_quads(
                    &places, rows.words, rows.words.count, table.quadWords, table.lists.count, marks.baseAddress, quads.baseAddress)
            }
        }
    }
}

extension PartitionTable {
    fileprivate var bunkoPlaces: bunko_places {
        bunko_places(chunks: places, shift: UInt32(RowChunk.shift))
    }
}
