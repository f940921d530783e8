/// Writes the rows of one sheet: its name as a heading, then the blocks between empty rows.
///
/// A block in one column is paragraphs; any other is a table whose first row holds the titles, below the lines that stand alone above
/// it. A long table is written in pieces with the titles repeated, so that only a piece of it is held in memory.
struct SheetWriter {
    /// A piece of a table is written at this many rows or cells.
    private static let pieceRows = 500
    private static let pieceCells = 20_000

    private let name: String
    private var isNamed = false
    private var rows: [SheetRow] = []
    private var cellCount = 0
    private var lastNumber: Int?
    /// The titles of the table whose first pieces are written.
    private var titles: SheetRow?

    init(name: String) {
        self.name = name
    }

    /// - Parameter row: with at least one cell.
    mutating func append(_ row: SheetRow, to writer: inout OfficeWriter) throws(ExtractionError) {
        if lastNumber.map({ $0 + 1 != row.number }) ?? false {
            try flush(to: &writer)
            titles = nil
        }
        lastNumber = row.number
        rows.append(row)
        cellCount += row.cells.count
        if rows.count >= Self.pieceRows || cellCount >= Self.pieceCells { try flush(to: &writer) }
    }

    /// Writes what is left.
    consuming func finish(_ writer: inout OfficeWriter) throws(ExtractionError) {
        try flush(to: &writer)
    }

    private mutating func flush(to writer: inout OfficeWriter) throws(ExtractionError) {
        guard !rows.isEmpty else { return }
        if !isNamed { try writer.append(.heading(level: 2), name) }
        isNamed = true
        var block = SheetBlock(rows)
        (rows, cellCount) = ([], 0)
        if titles == nil { try block.writeLeadingLines(to: &writer) }
        if titles == nil, block.isOneColumn || block.isSparse { return try block.writeParagraphs(to: &writer) }
        titles = titles ?? block.first
        try block.writeTable(titles: titles, to: &writer)
    }
}
