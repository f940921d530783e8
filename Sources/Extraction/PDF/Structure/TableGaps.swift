/// Tells the gaps between columns from wide spaces in justified text and spaced-out titles: most rows leave the first free and write
/// across the second.
struct TableGaps {
    /// Where the cells of all rows begin and end, ascending.
    private let starts: [Double]
    private let ends: [Double]
    /// Where the gaps of all rows begin and end, ascending.
    private let gapStarts: [Double]
    private let gapEnds: [Double]

    /// O(n log n) in the cells.
    init(_ rows: ArraySlice<PageLine>) {
        starts = rows.flatMap { $0.cells.map(\.across.lower) }.sorted()
        ends = rows.flatMap { $0.cells.map(\.across.upper) }.sorted()
        gapStarts = rows.flatMap { $0.gaps.map(\.lower) }.sorted()
        gapEnds = rows.flatMap { $0.gaps.map(\.upper) }.sorted()
    }

    /// The row with what stands apart by a mere space in one cell.
    func joined(_ row: PageLine) -> PageLine {
        guard row.cells.count > 1 else { return row }
        var row = row
        row.cells = row.cells.reduce(into: []) { cells, cell in
            if let last = cells.last, isSpace(Span(lower: last.across.upper, upper: cell.across.lower)) {
                cells[cells.count - 1] = PageCell(
                    text: last.text + " " + cell.text, across: Span(lower: last.across.lower, upper: cell.across.upper), isNumber: false)
            } else {
                cells.append(cell)
            }
        }
        return row
    }

    /// Whether at every place of the gap more rows have a cell than a gap. Looks at eight places.
    private func isSpace(_ gap: Span) -> Bool {
        (0..<8).allSatisfy { step in
            let place = gap.lower + gap.length * (Double(step) + 0.5) / 8
            let cells = Self.count(starts, below: place) - Self.count(ends, below: place)
            let gaps = Self.count(gapStarts, below: place) - Self.count(gapEnds, below: place)
            return cells > gaps
        }
    }

    private static func count(_ values: [Double], below limit: Double) -> Int {
        var low = 0
        var high = values.count
        while low < high {
            let middle = (low + high) / 2
            if values[middle] < limit { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
