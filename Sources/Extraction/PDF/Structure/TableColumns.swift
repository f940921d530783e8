/// Where the columns of a table stand.
struct TableColumns {
    /// From left to right; none is empty.
    private(set) var spans: [Span]

    /// Begins with the cells of the row that has most and lets the other rows widen its columns and add more; a cell over several
    /// columns changes nothing. O(cells · log columns) for tables without hostile offsets.
    init(_ rows: ArraySlice<PageLine>) {
        let widest = rows.max { $0.cells.count < $1.cells.count }
        spans = widest?.cells.map(\.across) ?? []
        for row in rows where row.cells.count > 1 && spans.count < 256 {
            for cell in row.cells { take(cell.across) }
        }
    }

    private mutating func take(_ cell: Span) {
        let touched = columns(under: cell)
        if touched.isEmpty {
            spans.insert(cell, at: touched.lowerBound)
        } else if touched.count == 1 {
            let column = spans[touched.lowerBound]
            spans[touched.lowerBound] = Span(lower: min(column.lower, cell.lower), upper: max(column.upper, cell.upper))
        }
    }

    /// The columns a cell stands over; empty between two columns, at the place where its own would be.
    func columns(under cell: Span) -> Range<Int> {
        let first = partition { $0.upper > cell.lower }
        let end = partition { $0.lower >= cell.upper }
        return first..<max(first, end)
    }

    /// The first column for which the condition holds, as it does for all after it.
    private func partition(_ holds: (Span) -> Bool) -> Int {
        var low = 0
        var high = spans.count
        while low < high {
            let middle = (low + high) / 2
            if holds(spans[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The cells of a row of data, each in the column it shares most with, else the nearest.
    func cells(of row: PageLine) -> [String] {
        var texts = [String](repeating: "", count: spans.count)
        for cell in row.cells { add(cell.text, to: &texts[column(of: cell.across)]) }
        return texts
    }

    /// The cells of a row of titles: one in the middle over several columns is the title of each.
    func titles(of row: PageLine) -> [String] {
        var texts = [String](repeating: "", count: spans.count)
        let titles = row.cells.filter { $0.across.middle > spans[0].upper }
        for cell in row.cells where cell.across.middle <= spans[0].upper { add(cell.text, to: &texts[0]) }
        for (cell, group) in zip(titles, groups(of: titles.map(\.across))) {
            let columns = isCentred(cell.across, over: group, tolerance: row.size) ? group : columns(under: cell.across)
            if columns.isEmpty {
                add(cell.text, to: &texts[column(of: cell.across)])
            } else {
                for column in columns { add(cell.text, to: &texts[column]) }
            }
        }
        return texts
    }

    /// The columns of values nearest to each title. Linear.
    private func groups(of titles: [Span]) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        var start = 1
        for (index, title) in titles.enumerated() {
            var end = start
            while end < spans.count, index + 1 == titles.count || isNearer(spans[end], title, titles[index + 1]) { end += 1 }
            groups.append(start..<end)
            start = end
        }
        return groups
    }

    private func isNearer(_ column: Span, _ title: Span, _ next: Span) -> Bool {
        column.middle - title.middle <= next.middle - column.middle
    }

    private func isCentred(_ title: Span, over group: Range<Int>, tolerance: Double) -> Bool {
        guard let first = group.first, let last = group.last else { return false }
        let whole = Span(lower: spans[first].lower, upper: spans[last].upper)
        return abs(whole.middle - title.middle) <= max(tolerance, 0.1 * whole.length)
    }

    private func column(of cell: Span) -> Int {
        let touched = columns(under: cell)
        let candidates = touched.isEmpty ? max(0, touched.lowerBound - 1)..<min(spans.count, touched.lowerBound + 1) : touched
        return candidates.max { spans[$0].overlap(cell) < spans[$1].overlap(cell) } ?? 0
    }

    private func add(_ text: String, to cell: inout String) {
        cell += cell.isEmpty ? text : " " + text
    }
}
