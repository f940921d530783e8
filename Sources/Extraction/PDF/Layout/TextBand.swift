/// Pieces side by side: they share a height, and no other band of the same region does.
struct TextBand {
    /// From left to right.
    let pieces: [TextPiece]
    let box: PageBox

    private init(_ pieces: [TextPiece], _ first: TextPiece) {
        self.pieces = pieces.sorted { $0.box.left < $1.box.left }
        box = pieces.reduce(first.box) { $0.union($1.box) }
    }

    /// The bands of a region from top to bottom. O(n log n).
    static func bands(of pieces: [TextPiece]) -> [TextBand] {
        var bands: [TextBand] = []
        var open: [TextPiece] = []
        var bottom = -Double.infinity
        func close() {
            if let first = open.first { bands.append(TextBand(open, first)) }
        }
        for piece in pieces.sorted(by: { $0.middle.lower < $1.middle.lower }) {
            if piece.middle.lower > bottom {
                close()
                open = []
            }
            open.append(piece)
            bottom = max(bottom, piece.middle.upper)
        }
        close()
        return bands
    }

    /// What the pieces cover across, merged, from left to right.
    var covered: [Span] {
        pieces.reduce(into: []) { spans, piece in
            if let last = spans.last, piece.box.left <= last.upper {
                spans[spans.count - 1].upper = max(last.upper, piece.box.right)
            } else {
                spans.append(piece.across)
            }
        }
    }

    /// The gaps between its pieces of at least `minimum` points, from left to right.
    func gaps(minimum: Double) -> [Span] {
        let covered = covered
        return zip(covered, covered.dropFirst()).map { Span(lower: $0.upper, upper: $1.lower) }.filter { $0.length >= minimum }
    }
}
