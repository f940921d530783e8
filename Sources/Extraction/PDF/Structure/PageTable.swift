/// Consecutive rows of cells that stand in the same columns.
struct PageTable {
    private let rows: [PageLine]

    // More columns than this are no table but scattered marks.
    private static let mostColumns = 64

    init(rows: [PageLine]) {
        let gaps = TableGaps(rows[...])
        self.rows = rows.map(gaps.joined)
    }

    /// The cells in columns, the first row being the titles; nil where nothing tells the titles from the rest, or the rows have no
    /// columns in common.
    ///
    /// Amounts make the first row of data; the lines of titles above it become one row. A table of words is taken for one when most
    /// of its cells are filled.
    func grid() -> [[String]]? {
        let firstAmounts = rows.firstIndex(where: \.hasAmount)
        let body = firstAmounts.map { rows[$0...] } ?? rows[...]
        let columns = TableColumns(body)
        guard (2...Self.mostColumns).contains(columns.spans.count) else { return nil }
        let titles = rows[..<(firstAmounts ?? 0)]
        guard firstAmounts != nil else { return wordGrid(columns) }
        guard let lastTitles = titles.lastIndex(where: { Self.reachesValues($0, columns) }) else { return nil }
        let head = titles[...lastTitles].map { columns.titles(of: $0) }
        return [TableRows.merged(head)] + TableRows.joined(Array(rows[(lastTitles + 1)...]), in: columns)
    }

    /// The rows one by one, cells apart by two spaces.
    var lines: String {
        rows.map { $0.cells.map(\.text).joined(separator: "  ") }.joined(separator: "\n")
    }

    private func wordGrid(_ columns: TableColumns) -> [[String]]? {
        let joined = TableRows.joined(rows, in: columns)
        let filled = joined.reduce(0) { $0 + $1.count { !$0.isEmpty } }
        guard joined.count >= 3, joined[0].count(where: { !$0.isEmpty }) == columns.spans.count else { return nil }
        return 3 * filled >= 2 * joined.count * columns.spans.count ? joined : nil
    }

    private static func reachesValues(_ row: PageLine, _ columns: TableColumns) -> Bool {
        row.cells.contains { $0.across.middle > columns.spans[0].upper }
    }
}

extension PageLine {
    /// Whether it has a number that is not a year, beside its label.
    var hasAmount: Bool {
        cells.dropFirst(cells[0].isNumber ? 0 : 1).contains { $0.isNumber && Self.isAmount($0.text) }
    }

    /// Whether it can be a row of titles: years or words over several columns.
    var hasTitles: Bool {
        let values = cells.dropFirst(cells[0].isNumber ? 0 : 1)
        return values.count > 1 && !hasAmount && !values.contains { WordText.isDash($0.text) }
    }

    private static func isAmount(_ text: String) -> Bool {
        let parts = text.split { "-–/".contains($0) }
        let areYears = parts.allSatisfy { part in
            part.allSatisfy(\.isWholeNumber)
                && (part.count == 2 && parts.count > 1 || part.count == 4 && ["19", "20"].contains(part.prefix(2)))
        }
        return !areYears && !text.contains("/") && text.contains(where: \.isWholeNumber)
    }
}
