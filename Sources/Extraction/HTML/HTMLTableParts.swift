/// Where the rows and cells of a table stand in a page.
struct HTMLTableParts {
    struct Row {
        let isInHead: Bool
        var cells: [Int] = []
    }

    private(set) var rows: [Row] = []
    private(set) var caption: Int?
    /// Whether another table stands in a cell.
    private(set) var holdsTable = false

    init(_ table: Int, in content: HTMLContent) {
        let tree = content.tree
        var headEnd = 0
        var node = table + 1
        while node < tree.end(table) {
            let tag = tree.tag(node)
            if content.isGone(node) || tag == .table {
                node = tree.end(node)
                continue
            }
            switch tag {
            case .caption: caption = node
            case .thead: headEnd = tree.end(node)
            case .tr: rows.append(Row(isInHead: node < headEnd))
            case .td, .th: addCell(node, of: tree)
            default: break
            }
            node = tag == .td || tag == .th || tag == .caption ? tree.end(node) : node + 1
        }
        rows.removeAll { $0.cells.isEmpty }
    }

    private mutating func addCell(_ node: Int, of tree: HTMLTree) {
        if rows.isEmpty { rows.append(Row(isInHead: false)) }
        rows[rows.count - 1].cells.append(node)
        holdsTable = holdsTable || ((node + 1)..<tree.end(node)).contains { tree.tag($0) == .table }
    }
}
