/// Puts together what stands apart in a row but is one cell: a currency sign and its number, a number and its percent sign, a mark or
/// number of a list and its item.
enum CellJoin {
    private static let currencies: Set<String> = ["$", "€", "£", "¥", "₩", "US$", "A$", "C$", "HK$", "$(", "($", "¥(", "€(", "£("]
    private static let units: Set<String> = [")", "%", ")%", "％", "%)", "bps", "pts", "x"]

    /// Whether a word alone stands before a number and belongs to it.
    static func isCurrency(_ word: String) -> Bool {
        word.utf8.count <= 4 && currencies.contains(word)
    }

    /// Whether a word alone belongs to a number before or after it.
    static func isSign(_ word: String) -> Bool {
        word.utf8.count <= 4 && (isCurrency(word) || units.contains(word))
    }

    /// The cells from left to right. Linear.
    static func joined(_ cells: [PageCell]) -> [PageCell] {
        guard cells.count > 1 else { return cells }
        var joined: [PageCell] = []
        joined.reserveCapacity(cells.count)
        for cell in cells {
            if let last = joined.last, let glue = glue(last, cell, isFirst: joined.count == 1, isLast: cells.count == 2) {
                joined[joined.count - 1] = PageCell(
                    text: last.text + glue + cell.text, across: Span(lower: last.across.lower, upper: cell.across.upper),
                    isNumber: cell.isNumber || last.isNumber && glue.isEmpty)
            } else {
                joined.append(cell)
            }
        }
        return joined
    }

    /// What stands between two cells that are one, nil for cells of their own.
    private static func glue(_ first: PageCell, _ second: PageCell, isFirst: Bool, isLast: Bool) -> String? {
        if second.isNumber { return isCurrency(first.text) || first.text == "(" ? "" : nil }
        if first.isNumber, units.contains(second.text) { return "" }
        guard isFirst else { return nil }
        if ListMarker.isMarker(first.text) || ListMarker.isSectionNumber(first.text) { return " " }
        return isLast && isChapterNumber(first.text) ? " " : nil
    }

    /// "1" before "Introduction", with nothing after that.
    private static func isChapterNumber(_ text: String) -> Bool {
        text.utf8.count <= 2 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
