/// Puts the lines of a table's rows together.
enum TableRows {
    /// The rows; lines that go on with the row above, or stand half a line lower in another column, are joined to it. Linear.
    static func joined(_ lines: [PageLine], in columns: TableColumns) -> [[String]] {
        var rows: [[String]] = []
        for (index, line) in lines.enumerated() {
            let cells = columns.cells(of: line)
            let space = index > 0 ? line.box.top - lines[index - 1].box.bottom : .infinity
            if let last = rows.last, space < -0.2 * line.size || space < 0.7 * line.size && continues(cells, line, last) {
                rows[rows.count - 1] = merged([last, cells])
            } else {
                rows.append(cells)
            }
        }
        return rows
    }

    /// One row of several: the texts of each column one after the other.
    static func merged(_ rows: [[String]]) -> [String] {
        guard let width = rows.map(\.count).max() else { return [] }
        let join = LineJoin()
        return (0..<width).map { column in join.joined(rows.compactMap { column < $0.count ? $0[column] : nil }) }
    }

    /// A label that goes on with a small letter, or words under words without a label of their own.
    private static func continues(_ cells: [String], _ line: PageLine, _ previous: [String]) -> Bool {
        let hasValues = cells.dropFirst().contains { !$0.isEmpty }
        if let label = cells.first, !label.isEmpty {
            let hadValues = previous.dropFirst().contains { !$0.isEmpty }
            return previous.first?.isEmpty == false && label.first?.isLowercase == true && !(hasValues && hadValues)
        }
        return hasValues && !line.cells.contains(where: \.isNumber) && previous.first?.isEmpty == false
    }
}
