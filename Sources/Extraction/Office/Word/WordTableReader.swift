/// Reads one table of a Word document.
///
/// A cell that spans columns gives its text once, with empty cells beside it. A cell that spans rows repeats a short text in each of
/// them: passages are made of whole rows, and a row without its label says nothing. A long text stands in the first row only.
/// A table of one column compares nothing: it is a frame, and what it holds stands as if it were not there.
struct WordTableReader {
    /// What repeats in every row of a merged cell, in scalars.
    private static let longestLabel = 120
    /// Word itself allows 63 columns; a span beyond that is a mistake or worse.
    private static let mostColumns = 64

    private let stream: XMLStream
    private let context: WordContext
    private var table = WordTable()
    /// What was found as long as no row had a second cell.
    private var frame: [WordBlock]? = []
    private var cellsOfRow = 0
    /// The label that goes on downwards, for each column where a merged cell is open.
    private var labels: [Int: String] = [:]

    init(stream: XMLStream, context: WordContext) {
        self.stream = stream
        self.context = context
    }

    /// The table; nil when there is nothing in it.
    consuming func table(_ element: XMLElement) throws(ExtractionError) -> WordTable? {
        try readRows(element)
        table.frame = frame
        let hasText = table.rows.contains { row in row.contains { !$0.allSatisfy(\.isWhitespace) } }
        return hasText ? table : nil
    }

    private mutating func readRows(_ element: XMLElement) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "tr": try readRow(child)
            case "tblPr", "tblGrid", "sdtPr", "del", "moveFrom": continue
            default: try readRows(child)
            }
        }
    }

    private mutating func readRow(_ element: XMLElement) throws(ExtractionError) {
        var row: [String] = []
        cellsOfRow = 0
        guard try readCells(element, into: &row) else { return }
        table.rows.append(row)
    }

    /// - Returns: false for a row that was deleted.
    private mutating func readCells(_ element: XMLElement, into row: inout [String]) throws(ExtractionError) -> Bool {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "tc": try readCell(child, into: &row)
            case "trPr":
                let properties = try WordRowProperties(child, of: stream)
                if properties.isDeleted { return false }
                row += Array(repeating: "", count: min(properties.columnsBefore, Self.mostColumns))
            case "tblPrEx", "sdtPr", "del", "moveFrom": continue
            default: guard try readCells(child, into: &row) else { return false }
            }
        }
        return true
    }

    private mutating func readCell(_ element: XMLElement, into row: inout [String]) throws(ExtractionError) {
        var lines: [String] = []
        cellsOfRow += 1
        if cellsOfRow > 1 { frame = nil }
        try stream.budget.keepRecord()
        var blocks = WordBlockReader(element, of: stream, context: context)
        while let block = try blocks.next() {
            if frame != nil { try stream.budget.keepRecord() }
            frame?.append(block)
            lines.append(block.flattened)
            table.notes += block.allNotes
        }
        let text = lines.joined(separator: "\n")
        // Text is copied once for each table around it.
        try stream.budget.write(text.utf8.count)
        row.append(merged(text, blocks.cell.merge, column: row.count))
        let span = min(max(blocks.cell.span, 1), Self.mostColumns)
        if row.count + span <= Self.mostColumns { row += Array(repeating: "", count: span - 1) }
    }

    private mutating func merged(_ text: String, _ merge: WordCellProperties.Merge, column: Int) -> String {
        switch merge {
        case .none: labels[column] = nil
        case .begins: labels[column] = text.unicodeScalars.count <= Self.longestLabel ? text : ""
        case .continues: if text.allSatisfy(\.isWhitespace) { return labels[column] ?? "" }
        }
        return text
    }
}
