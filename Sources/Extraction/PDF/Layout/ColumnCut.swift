/// Finds the reading order of a page by cutting it into columns and bands, each part again (XY-cut: Nagy & Seth 1984, "Hierarchical
/// representation of optically scanned documents").
///
/// A gutter counts only where ``ColumnEvidence`` finds running text beside it: the columns of a table are white from top to bottom
/// too, and must be read row by row.
struct ColumnCut {
    /// The bands of each part of the page, in reading order; no part has columns to be read one after the other.
    private(set) var zones: [[TextBand]] = []
    /// The usual height of text on the page, in points.
    private let unit: Double

    // Deeper cuts than this come from pages made to exhaust a parser.
    private static let deepest = 10

    /// O(n log n) in the pieces for each level of columns in columns.
    init(_ pieces: [TextPiece]) {
        unit = Self.usualHeight(of: pieces)
        read(pieces, depth: 0)
    }

    private static func usualHeight(of pieces: [TextPiece]) -> Double {
        let heights = pieces.map(\.box.height).sorted()
        return heights.isEmpty ? 0 : heights[heights.count / 2]
    }

    private mutating func read(_ pieces: [TextPiece], depth: Int) {
        let bands = TextBand.bands(of: pieces)
        var open = 0
        var next = 0
        while next < bands.count {
            guard depth < Self.deepest, let run = GutterRun(in: bands, from: next, minimum: unit * TextPiece.gap) else {
                next += 1
                continue
            }
            for columns in ColumnEvidence.columns(in: bands, run: run, unit: unit) {
                let start = raised(columns, in: bands, above: open)
                close(bands[open..<start])
                cut(bands[start..<columns.bands.upperBound], at: columns.gutter, depth: depth)
                open = columns.bands.upperBound
            }
            next = run.bands.upperBound
        }
        close(bands[open...])
    }

    /// The first band of the columns when lines that stand in one of them alone, beside a picture perhaps, are taken with it.
    private func raised(_ columns: ColumnEvidence.Columns, in bands: [TextBand], above open: Int) -> Int {
        var start = columns.bands.lowerBound
        while start > open, bands[start].box.top - bands[start - 1].box.bottom < unit * 1.5,
            !bands[start - 1].covered.contains(where: { $0.overlap(columns.gutter) > 0 })
        {
            start -= 1
        }
        return start
    }

    private mutating func cut(_ bands: ArraySlice<TextBand>, at gutter: Span, depth: Int) {
        let pieces = bands.flatMap(\.pieces)
        read(pieces.filter { $0.box.centerX < gutter.middle }, depth: depth + 1)
        read(pieces.filter { $0.box.centerX >= gutter.middle }, depth: depth + 1)
    }

    private mutating func close(_ bands: ArraySlice<TextBand>) {
        if !bands.isEmpty { zones.append(Array(bands)) }
    }
}
