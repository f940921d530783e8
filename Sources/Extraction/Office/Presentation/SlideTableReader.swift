/// Reads a table of DrawingML. Merged cells are written as in Word documents: a short label in every row, empty cells beside it.
struct SlideTableReader {
    private static let longestLabel = 120

    let stream: XMLStream

    /// The rows; nil when there is nothing in them.
    func table(_ element: XMLElement) throws(ExtractionError) -> [[String]]? {
        var rows: [[String]] = []
        var labels: [Int: String] = [:]
        while let child = try stream.nextChild(of: element) {
            guard child.name == "tr" else { continue }
            var row: [String] = []
            while let cell = try stream.nextChild(of: child) {
                guard cell.name == "tc" else { continue }
                try stream.budget.keepRecord()
                row.append(try text(of: cell, labels: &labels, column: row.count))
            }
            rows.append(row)
        }
        return rows.contains { $0.contains { !$0.isEmpty } } ? rows : nil
    }

    private func text(of cell: XMLElement, labels: inout [Int: String], column: Int) throws(ExtractionError) -> String {
        let continuesDown = ["1", "true"].contains(stream.attribute("vMerge"))
        let continuesRight = ["1", "true"].contains(stream.attribute("hMerge"))
        let spansRows = stream.attribute("rowSpan") != nil
        let text = try DrawingTextReader(stream: stream).text(in: cell)
        if continuesDown, text.isEmpty { return labels[column] ?? "" }
        labels[column] = spansRows && !continuesRight && text.unicodeScalars.count <= Self.longestLabel ? text : nil
        return text
    }
}
