/// The lines of a page in reading order.
struct PageLayout: Sendable {
    let number: Int
    var lines: [PageLine]

    /// Reads a page. O(n log n) in the words.
    init(_ page: PageWords) {
        number = page.number
        lines = []
        var zone = 0
        for (rank, text) in UprightText.texts(of: page).enumerated() {
            for bands in ColumnCut(text.lines.flatMap(TextPiece.pieces)).zones {
                let reader = BandReader(zone: zone, isTurned: rank > 0)
                for band in bands { lines += reader.lines(of: band) }
                zone += 1
            }
        }
    }

    /// A page with these lines.
    init(number: Int, lines: [PageLine]) {
        self.number = number
        self.lines = lines
    }
}
