/// The cells of a table in their columns, those that span several rows repeated in each.
struct HTMLTableGrid {
    /// The titles of the columns: the rows of titles at the top, joined; empty for a table without any.
    private(set) var titles: [String] = []
    /// Titles over the whole width.
    private(set) var spanningTitles: [String] = []
    private(set) var rows: [[String]] = []

    private static let widest = 500
    private static let mostTitleRows = 4
    private static let longestRepeated = 200

    /// What still reaches down from rows above, by column.
    private var carried: [(rows: Int, text: String)] = []
    /// How many bytes may still be repeated: what is written stays in proportion to what is given.
    private var repeatable: Int
    /// How many places cells may still reach into beside their own.
    private var reachable: Int
    private var rowsLeft: Int

    init(_ source: [HTMLTable.Row]) {
        repeatable = source.reduce(1 << 16) { $0 + $1.cells.reduce(0) { $0 + $1.text.utf8.count } }
        reachable = source.reduce(10_000) { $0 + 4 * $1.cells.count }
        rowsLeft = source.count
        let width = source.prefix(20).map { $0.cells.reduce(0) { $0 + min($1.columnSpan, Self.widest) } }.max() ?? 0
        var isHead = true
        for (index, row) in source.enumerated() {
            rowsLeft -= 1
            let isSpanning = row.cells.count == 1 && row.cells[0].columnSpan >= width && width > 1
            isHead = isHead && index < Self.mostTitleRows && (row.isInHead || row.isTitles || (isSpanning && row.cells[0].isTitle))
            if isHead && isSpanning {
                spanningTitles.append(row.cells[0].text)
            } else if isHead {
                addTitles(line(of: row, repeatsAcross: true))
            } else {
                rows.append(line(of: row, repeatsAcross: false))
            }
        }
        if titles.isEmpty, !rows.isEmpty { titles = rows.removeFirst() }
    }

    private mutating func addTitles(_ line: [String]) {
        for (column, text) in line.enumerated() {
            if column == titles.count { titles.append("") }
            if !text.isEmpty, titles[column] != text { titles[column] += titles[column].isEmpty ? text : " " + text }
        }
    }

    private mutating func line(of row: HTMLTable.Row, repeatsAcross: Bool) -> [String] {
        var line: [String] = []
        for cell in row.cells {
            appendCarried(to: &line)
            let span = max(1, min(cell.columnSpan, Self.widest - line.count, reachable))
            reachable -= span - 1
            for offset in 0..<span {
                let text = offset == 0 || (repeatsAcross && mayRepeat(cell.text)) ? cell.text : ""
                carry(text, rows: cell.rowSpan - 1, at: line.count)
                line.append(text)
            }
        }
        appendCarried(to: &line)
        return line
    }

    /// Fills the columns that cells from above reach into.
    private mutating func appendCarried(to line: inout [String]) {
        while line.count < carried.count, carried[line.count].rows > 0 {
            carried[line.count].rows -= 1
            let text = carried[line.count].text
            line.append(mayRepeat(text) ? text : "")
        }
    }

    private mutating func carry(_ text: String, rows: Int, at column: Int) {
        let reach = min(rows, rowsLeft)
        guard reach > 0, reach <= reachable else { return }
        reachable -= reach
        while carried.count <= column { carried.append((0, "")) }
        carried[column] = (reach, text)
    }

    private mutating func mayRepeat(_ text: String) -> Bool {
        guard text.utf8.count <= Self.longestRepeated, repeatable > 0 else { return false }
        repeatable -= text.utf8.count + 1
        return true
    }
}
