import RowFilters
import CVectorKernels

extension SearchScope.Part {
    /// Rows of a filter that are looked up to learn which lists hold any: with more, every second is, or every third.
    private static let rowsLookedUp = 30_000
    /// Lists are not equally long: random rows share one up to so much more often than if they were.
    private static let leastConcentration = 1.6
    /// Rows that are looked up to learn whether they lie together; with fewer nothing is learnt.
    private static let rowsSampled = 512
    private static let fewestSampled = 64.0

    /// How many of the filter's rows lie in each list; of many rows every second is looked up, or every third. Costs a microsecond for each
    /// thousand.
    var rowsByList: [UInt32] {
        rowsByList(oneOf: min(64, (matched + Self.rowsLookedUp - 1) / Self.rowsLookedUp))
    }

    /// - Parameter step: of so many slots one is looked up, 1...64.
    func rowsByList(oneOf step: Int) -> [UInt32] {
        let table = view.table
        var counts = [UInt32](repeating: 0, count: table.lists.count)
        var places = table.bunkoPlaces
        bunko_count_places(&places, rows.words, rows.words.count, step, &counts, counts.count)
        return counts
    }

    /// How many times as often two of the filter's rows lie in the same list as two random ones: 1 where they are spread, more where they
    /// lie together in few lists, as the documents of one topic do. Two random rows of L equal lists do so with probability 1 / L.
    ///
    /// Learnt from a sample of single rows, since rows that were added together often lie together. Costs some microseconds.
    var sampledConcentration: Double {
        let table = view.table
        var counts = [UInt32](repeating: 0, count: table.lists.count)
        var places = table.bunkoPlaces
        bunko_sample_places(
            &places, rows.words, rows.words.count, max(1, rows.words.count / Self.rowsSampled), &counts, counts.count)
        var (total, pairs) = (0.0, 0.0)
        for count in counts where count > 0 {
            total += Double(count)
            pairs += Double(count) * Double(count - 1)
        }
        guard total >= Self.fewestSampled else { return 1 }
        let concentration = pairs * Double(counts.count) / (total * (total - 1))
        return concentration < Self.leastConcentration ? 1 : concentration
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
