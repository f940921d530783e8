/// Rows of a sheet without an empty one between them.
struct SheetBlock {
    private var rows: ArraySlice<SheetRow>

    /// A table of which so little is filled would be bars and blanks.
    private static let sparseCells = 10_000
    private static let sparseRatio = 20

    init(_ rows: [SheetRow]) {
        self.rows = rows[...]
    }

    var first: SheetRow? { rows.first }

    var isOneColumn: Bool {
        rows.allSatisfy { $0.cells.count == 1 && $0.cells.first?.column == rows.first?.cells.first?.column }
    }

    /// Whether its cells are scattered over a far larger rectangle.
    var isSparse: Bool {
        let area = rows.count * columns(of: rows).count
        return area > Self.sparseCells && area > Self.sparseRatio * rows.reduce(0) { $0 + $1.cells.count }
    }

    /// Writes the lines that stand alone above a table (its name, a remark) and leaves the rest.
    mutating func writeLeadingLines(to writer: inout OfficeWriter) throws(ExtractionError) {
        let start = rows.lazy.flatMap(\.cells).map(\.column).min()
        guard rows.contains(where: { $0.cells.count > 1 }) else { return }
        while let line = rows.first, line.cells.count == 1, let cell = line.cells.first, cell.column == start {
            try writer.append(.paragraph, cell.text)
            rows.removeFirst()
        }
    }

    /// A paragraph for each row.
    func writeParagraphs(to writer: inout OfficeWriter) throws(ExtractionError) {
        for row in rows { try writer.append(.paragraph, row.cells.map(\.text).joined(separator: ", ")) }
    }

    /// A table of the rows.
    /// - Parameter titles: the row above them, or their own first one.
    func writeTable(titles: SheetRow?, to writer: inout OfficeWriter) throws(ExtractionError) {
        var all = rows
        if let titles, titles.number != rows.first?.number { all = [titles] + rows }
        let columns = columns(of: all)
        let places = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($0.element, $0.offset) })
        try writer.appendTable(
            all.map { row in
                var texts = [String](repeating: "", count: columns.count)
                for cell in row.cells { if let place = places[cell.column] { texts[place] = cell.text } }
                return texts
            })
    }

    /// The columns in which something stands, from left to right.
    private func columns(of rows: ArraySlice<SheetRow>) -> [Int] {
        Set(rows.lazy.flatMap(\.cells).map(\.column)).sorted()
    }
}
