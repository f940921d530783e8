/// Writes a table of any length as blocks of a few hundred rows, each under the same titles.
///
/// Rows that are much wider than the others get a block of their own, because the rows of a block are filled to its widest: what is
/// written stays in proportion to what is given, whatever the shape.
struct BoundedTable {
    private static let mostRows = 200
    private static let mostBytes = 32 << 10
    private static let alwaysWritten = 64

    private let head: [String]
    private let headBytes: Int
    private var rows: [[String]] = []
    private var bytes = 0
    private var cells = 0
    private var width = 0
    private var hasWritten = false

    init(head: [String]) {
        self.head = head
        headBytes = Self.size(of: head)
    }

    /// Adds a row. Empty cells at its end are dropped, rows of nothing else are too.
    mutating func append(_ row: [String], to builder: inout DocumentBuilder) {
        var row = row
        while row.last?.isEmpty == true { row.removeLast() }
        guard !row.isEmpty else { return }
        let newWidth = max(width, row.count)
        if newWidth * (rows.count + 1) > 4 * (cells + row.count) + 4096 { flush(to: &builder) }
        rows.append(row)
        bytes += Self.size(of: row)
        cells += row.count
        width = max(width, row.count)
        // A long head is not repeated more often than it takes to fill as much with rows.
        if rows.count >= Self.mostRows || bytes >= Self.mostBytes, bytes >= 4 * headBytes { flush(to: &builder) }
    }

    /// Writes what is left. A table without rows is its titles.
    mutating func finish(_ builder: inout DocumentBuilder) {
        if !rows.isEmpty || !hasWritten { flush(to: &builder) }
    }

    private mutating func flush(to builder: inout DocumentBuilder) {
        // Rows are filled to the titles: of a very wide head, those without anything below are left out.
        let titles = rows.isEmpty || head.count <= Self.alwaysWritten ? head : Array(head.prefix(max(width, 1)))
        if !rows.isEmpty || !hasWritten { builder.appendTable([titles] + rows) }
        hasWritten = true
        rows.removeAll(keepingCapacity: true)
        (bytes, cells, width) = (0, 0, 0)
    }

    private static func size(of row: [String]) -> Int {
        row.reduce(0) { $0 + $1.utf8.count + 3 }
    }
}
