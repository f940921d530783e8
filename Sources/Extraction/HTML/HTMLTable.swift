/// A table of data. Tables that only arrange a page are none: their cells are read as running content.
struct HTMLTable {
    private let caption: String
    private let rows: [Row]

    struct Cell {
        let isTitle: Bool
        let text: String
        let columnSpan: Int
        let rowSpan: Int
    }

    struct Row {
        let isInHead: Bool
        var cells: [Cell] = []

        var isTitles: Bool { cells.count > 1 && cells.allSatisfy { $0.isTitle || $0.text.isEmpty } }
    }

    /// The largest cell of a table of data, in characters.
    private static let largestCell = 1500

    /// Nil for a table that arranges a page.
    init?(_ table: Int, in content: HTMLContent) {
        let parts = HTMLTableParts(table, in: content)
        guard !Self.arrangesPage(table, parts, in: content) else { return nil }
        caption = parts.caption.map { HTMLFlatText.of($0, in: content) } ?? ""
        rows = parts.rows.map { part in
            Row(
                isInHead: part.isInHead,
                cells: part.cells.map { cell in
                    let attributes = content.tree.attributes(cell)
                    return Cell(
                        isTitle: content.tree.tag(cell) == .th, text: HTMLFlatText.of(cell, in: content),
                        columnSpan: attributes?.columnSpan ?? 1, rowSpan: attributes?.rowSpan ?? 1)
                })
        }
    }

    private static func arrangesPage(_ table: Int, _ parts: HTMLTableParts, in content: HTMLContent) -> Bool {
        let tree = content.tree
        let role = tree.attributes(table)?.role
        let width = parts.rows.map(\.cells.count).max() ?? 0
        guard role != "presentation", role != "none", parts.rows.count > 1, width > 1 else { return true }
        let cells = parts.rows.flatMap(\.cells)
        let hasTitles = parts.caption != nil || cells.contains { tree.tag($0) == .th }
        if parts.holdsTable && !hasTitles { return true }
        return cells.contains { cell in
            content.measure.prose(cell) + content.measure.linked(cell) > largestCell
                || (!hasTitles && ((cell + 1)..<tree.end(cell)).contains { tree.tag($0).headingLevel != nil })
        }
    }

    func write(to builder: inout DocumentBuilder) {
        builder.append(.paragraph, caption)
        if isListOfProperties {
            writeProperties(to: &builder)
        } else {
            let grid = HTMLTableGrid(rows)
            for title in grid.spanningTitles { builder.append(.paragraph, title) }
            var table = BoundedTable(head: grid.titles)
            for row in grid.rows { table.append(row, to: &builder) }
            table.finish(&builder)
        }
    }

    // MARK: - Properties

    /// Rows of a title and a value each, as info boxes have them.
    private var isListOfProperties: Bool {
        let pairs = rows.count { row in
            row.cells.count == 2 && !row.cells[1].isTitle && (row.cells[0].isTitle || row.cells[0].text.hasSuffix(":"))
        }
        return pairs > 0 && pairs * 2 >= rows.count && rows.allSatisfy { $0.cells.count <= 2 && !$0.isTitles }
    }

    private func writeProperties(to builder: inout DocumentBuilder) {
        for row in rows {
            let texts = row.cells.map(\.text).filter { !$0.isEmpty }
            guard texts.count == 2 else {
                builder.append(.paragraph, texts.joined())
                continue
            }
            builder.append(.listItem, "- \(texts[0])\(texts[0].hasSuffix(":") ? "" : ":") \(texts[1])")
        }
    }
}
