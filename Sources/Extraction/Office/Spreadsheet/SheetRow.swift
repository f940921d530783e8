/// A row of a sheet with those of its cells in which something stands.
struct SheetRow {
    struct Cell {
        /// From 0.
        var column: Int
        var text: String
    }

    /// From 1.
    var number: Int
    var cells: [Cell]
}

/// Names of cells such as `BC12`.
enum CellReference {
    static let mostColumns = 16_384

    /// The column, from 0; nil for a name that is none or lies beyond the last column.
    static func column(_ reference: String) -> Int? {
        var column = 0
        for letter in reference.utf8 {
            guard (0x41...0x5A).contains(letter & 0xDF) else { break }
            column = column * 26 + Int(letter & 0xDF) - 0x40
            guard column <= mostColumns else { return nil }
        }
        return column == 0 ? nil : column - 1
    }
}
