/// Tells columns of text from columns of a table.
enum ColumnEvidence {
    /// Bands to be read column by column, and the strip between the columns.
    struct Columns {
        var bands: Range<Int>
        let gutter: Span
    }

    private enum Verdict {
        case columns, rows
        /// Too few lines to tell: like what stands above.
        case few
    }

    /// The parts of a run that are columns of text, from top to bottom. Linear in the words for each of at most four strips.
    static func columns(in bands: [TextBand], run: GutterRun, unit: Double) -> [Columns] {
        let widest = run.gutters.sorted { $0.length > $1.length }.prefix(4)
        return widest.map { columns(in: bands, run.bands, $0, unit) }.max { bandCount($0) < bandCount($1) } ?? []
    }

    private static func bandCount(_ columns: [Columns]) -> Int {
        columns.reduce(0) { $0 + $1.bands.count }
    }

    private static func columns(in bands: [TextBand], _ run: Range<Int>, _ gutter: Span, _ unit: Double) -> [Columns] {
        let parts = parts(of: run, in: bands, unit: unit)
        let sides = sides(of: parts, in: bands, at: gutter)
        if isGrid(sides) {
            return zip(parts, sides).filter { isCell($0.1) }.map { Columns(bands: $0.0, gutter: gutter) }
        }
        return joined(zip(parts, sides.map { verdict($0.0, $0.1) }).map { ($0.0, $0.1) }, gutter)
    }

    /// The run cut where both sides leave more than the space between lines.
    private static func parts(of run: Range<Int>, in bands: [TextBand], unit: Double) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start = run.lowerBound
        for index in run.dropFirst() where bands[index].box.top - bands[index - 1].box.bottom > 0.6 * unit {
            parts.append(start..<index)
            start = index
        }
        return parts + [start..<run.upperBound]
    }

    private static func sides(of parts: [Range<Int>], in bands: [TextBand], at gutter: Span) -> [(ColumnSide, ColumnSide)] {
        let pieces = parts.map { bands[$0].flatMap(\.pieces) }
        let left = across(pieces.flatMap { $0.filter { $0.box.centerX < gutter.middle } })
        let right = across(pieces.flatMap { $0.filter { $0.box.centerX >= gutter.middle } })
        return pieces.map { pieces in
            (
                ColumnSide(pieces.filter { $0.box.centerX < gutter.middle }, across: left),
                ColumnSide(pieces.filter { $0.box.centerX >= gutter.middle }, across: right)
            )
        }
    }

    private static func across(_ pieces: [TextPiece]) -> Span {
        guard let first = pieces.first else { return Span(lower: 0, upper: 0) }
        let box = pieces.reduce(first.box) { $0.union($1.box) }
        return Span(lower: box.left, upper: box.right)
    }

    // MARK: - One part

    private static func verdict(_ left: ColumnSide, _ right: ColumnSide) -> Verdict {
        if left.isTabular || right.isTabular { return .rows }
        if left.isProse && right.isProse { return arePaired(left, right) ? .rows : .columns }
        if left.isBroadProse && isNote(right, beside: left) || right.isBroadProse && isNote(left, beside: right) { return .columns }
        return left.lines.count < 3 || right.lines.count < 3 ? .few : .rows
    }

    /// Line for line side by side, one side with short lines: entries and what is said of them.
    private static func arePaired(_ left: ColumnSide, _ right: ColumnSide) -> Bool {
        left.lines.count == right.lines.count && left.share(alignedWith: right) >= 0.9
            && min(left.share(filling: 0.75), right.share(filling: 0.75)) < 0.5
    }

    private static func isNote(_ side: ColumnSide, beside text: ColumnSide) -> Bool {
        side.isDense && !(side.usualLength < 8 && side.share(alignedWith: text) >= 0.8)
    }

    // MARK: - All parts

    /// Rows of a table whose cells are paragraphs: many parts of a few lines, in which both sides begin at one height.
    private static func isGrid(_ sides: [(ColumnSide, ColumnSide)]) -> Bool {
        guard sides.count >= 3, !sides.contains(where: { $0.isTabular || $1.isTabular }) else { return false }
        let lines = sides.reduce(0) { $0 + max($1.0.lines.count, $1.1.lines.count) }
        let aligned = sides.count { left, right in
            guard let first = left.lines.first, let second = right.lines.first else { return false }
            return abs(first.centerY - second.centerY) <= 0.3 * first.height
        }
        return lines <= 6 * sides.count && Double(aligned) >= 0.7 * Double(sides.count)
    }

    /// Whether both sides are paragraphs; shorter cells are read row by row.
    private static func isCell(_ sides: (ColumnSide, ColumnSide)) -> Bool {
        let (left, right) = sides
        return min(left.lines.count, right.lines.count) >= 2 && min(left.usualLength, right.usualLength) >= 8
    }

    /// Neighbouring columns become one: a space at the same height in both does not end them. What has too few lines to tell belongs to
    /// the columns above it.
    private static func joined(_ parts: [(Range<Int>, Verdict)], _ gutter: Span) -> [Columns] {
        var all: [Columns] = []
        for (bands, verdict) in parts {
            let continues = all.last?.bands.upperBound == bands.lowerBound
            if verdict != .rows, continues {
                all[all.count - 1].bands = all[all.count - 1].bands.lowerBound..<bands.upperBound
            } else if verdict == .columns {
                all.append(Columns(bands: bands, gutter: gutter))
            }
        }
        return all
    }
}
