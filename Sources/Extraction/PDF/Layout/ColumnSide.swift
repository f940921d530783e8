/// What stands on one side of a strip that may be a gutter.
struct ColumnSide {
    /// From top to bottom; a line reaches over all pieces at its height.
    let lines: [PageBox]
    /// How many lines hold nothing but numbers.
    private let numberLines: Int
    /// How many lines are cut by gaps, with a short piece.
    private let brokenLines: Int
    private let words: Int
    private let numbers: Int
    /// From the leftmost to the rightmost word of the side, in points; more than these lines cover where others reach further.
    private let width: Double

    init(_ pieces: [TextPiece], across: Span) {
        let bands = TextBand.bands(of: pieces)
        lines = bands.map(\.box)
        numberLines = bands.count { $0.pieces.allSatisfy { $0.numbers == $0.words.count } }
        brokenLines = bands.count { $0.pieces.count > 1 && $0.pieces.contains { $0.box.width < 6 * $0.box.height } }
        words = pieces.reduce(0) { $0 + $1.words.count }
        numbers = pieces.reduce(0) { $0 + $1.numbers }
        width = across.length
    }

    /// Cells rather than text: many numbers, lines of nothing else, or most lines with something short set apart.
    var isTabular: Bool {
        Double(numbers) > 0.35 * Double(words) || Double(numberLines) > 0.08 * Double(lines.count) || 2 * brokenLines > lines.count
    }

    /// Lines of a paragraph are long and end near the same edge.
    var isProse: Bool {
        lines.count >= 3 && !isTabular && usualLength >= 8 && share(filling: 0.75) >= 0.35
    }

    /// So plainly a column of text that even notes beside it are no cells of a table.
    var isBroadProse: Bool {
        lines.count >= 5 && !isTabular && usualLength >= 15 && share(filling: 0.75) >= 0.6
    }

    /// Whether the lines follow each other as those of a paragraph do.
    var isDense: Bool {
        let steps = zip(lines, lines.dropFirst()).map { $1.centerY - $0.centerY }.sorted()
        guard lines.count >= 3, let step = steps.isEmpty ? nil : steps[steps.count / 2] else { return false }
        return step <= 1.7 * usualHeight
    }

    /// The median length of a line in heights of its text.
    var usualLength: Double {
        let lengths = lines.map { $0.width / max($0.height, 1) }.sorted()
        return lengths.isEmpty ? 0 : lengths[lengths.count / 2]
    }

    private var usualHeight: Double {
        let heights = lines.map(\.height).sorted()
        return heights.isEmpty ? 0 : heights[heights.count / 2]
    }

    /// The share of lines at least `part` as long as the side is wide.
    func share(filling part: Double) -> Double {
        lines.isEmpty ? 0 : Double(lines.count { $0.width >= part * width }) / Double(lines.count)
    }

    /// The share of these lines that stand at the height of a line of `other`. Linear.
    func share(alignedWith other: ColumnSide) -> Double {
        guard !lines.isEmpty else { return 0 }
        var next = 0
        let aligned = lines.count { line in
            while next < other.lines.count, other.lines[next].centerY < line.centerY - 0.15 * line.height { next += 1 }
            return next < other.lines.count && abs(other.lines[next].centerY - line.centerY) <= 0.15 * line.height
        }
        return Double(aligned) / Double(lines.count)
    }
}
