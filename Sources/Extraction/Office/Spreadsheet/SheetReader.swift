/// Reads the rows of one sheet in the order of the file. Only cells that are written are held, wherever they stand.
struct SheetReader {
    private static let mostRows = 1_048_576

    private let stream: XMLStream
    private let workbook: Workbook
    private let sheetData: XMLElement?
    private var lastRow = 0

    init(_ stream: XMLStream, workbook: Workbook) throws(ExtractionError) {
        self.stream = stream
        self.workbook = workbook
        sheetData = try Self.sheetData(stream)
    }

    /// The next row with anything in it; nil at the end.
    mutating func next() throws(ExtractionError) -> SheetRow? {
        while let sheetData, let element = try stream.nextChild(of: sheetData) {
            guard element.name == "row" else { continue }
            let given = stream.attribute("r").flatMap { Int($0) }
            lastRow = given.flatMap { (1...Self.mostRows).contains($0) ? $0 : nil } ?? lastRow + 1
            let cells = try cells(of: element)
            if !cells.isEmpty { return SheetRow(number: lastRow, cells: cells) }
        }
        return nil
    }

    /// Sheets of other kinds (a chart, a dialogue) have no cells.
    private static func sheetData(_ stream: XMLStream) throws(ExtractionError) -> XMLElement? {
        guard let root = try stream.root(), root.is(.spreadsheet, "worksheet") else { return nil }
        while let child = try stream.nextChild(of: root) {
            if child.is(.spreadsheet, "sheetData") { return child }
        }
        return nil
    }

    private func cells(of row: XMLElement) throws(ExtractionError) -> [SheetRow.Cell] {
        var cells: [SheetRow.Cell] = []
        var column = -1
        while let element = try stream.nextChild(of: row) {
            guard element.name == "c" else { continue }
            let reference = stream.attribute("r")
            guard let place = reference.map(CellReference.column) ?? column + 1, place < CellReference.mostColumns else { continue }
            column = place
            let text = try text(of: element)
            // A row may repeat a column for ever, and a piece of a table ends with a row.
            if !text.allSatisfy(\.isWhitespace), cells.count < CellReference.mostColumns {
                cells.append(SheetRow.Cell(column: column, text: text))
            }
        }
        return cells
    }

    private func text(of cell: XMLElement) throws(ExtractionError) -> String {
        let type = stream.attribute("t") ?? "n"
        let style = stream.attribute("s")
        var value = ""
        while let child = try stream.nextChild(of: cell) {
            switch child.name {
            case "v": value = try stream.text(of: child)
            case "is": return try CellText.text(of: child, stream)
            default: break
            }
        }
        return value.isEmpty ? "" : workbook.text(value, type: type, style: style)
    }
}
