/// A line of text, or a row of cells, where the reading order has put it.
struct PageLine: Equatable, Sendable {
    /// From left to right, at least one; several stand apart like cells of a table.
    var cells: [PageCell]
    var box: PageBox
    /// The height of most of its text, in points.
    var size: Double
    /// How wide its first word is: what would have had to fit for the line before to go on.
    var firstWordWidth: Double
    /// Lines of one zone stand below each other; the next column or text of another direction begins another zone.
    var zone: Int
    /// Whether it runs in another direction than most text of its page, like a stamp in the margin.
    var isTurned = false

    /// All cells as running text.
    var text: String {
        cells.count == 1 ? cells[0].text : cells.map(\.text).joined(separator: " ")
    }

    /// The gaps between its cells.
    var gaps: [Span] {
        zip(cells, cells.dropFirst()).map { Span(lower: $0.across.upper, upper: $1.across.lower) }
    }
}

/// Words that stand together.
struct PageCell: Equatable, Sendable {
    var text: String
    var across: Span
    /// Whether it is one number, with its currency or percent sign.
    var isNumber: Bool
}
