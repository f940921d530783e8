/// Lines that are one paragraph or one item of a list.
struct PageParagraph {
    private(set) var lines: [PageLine]
    /// Nil for running text.
    let marker: ListMarker.Strength?
    /// The space above it in points; nil for what begins a zone.
    let gap: Double?

    init(_ first: PageLine, marker: ListMarker.Strength?, gap: Double?) {
        lines = [first]
        self.marker = marker
        self.gap = gap
    }

    mutating func append(_ line: PageLine) { lines.append(line) }

    /// The height of its text, in points.
    var size: Double { lines.map(\.size).max() ?? 0 }

    /// Whether this is the next line of the large title `other`.
    func continuesTitle(_ other: PageParagraph, _ sizes: TextSizes) -> Bool {
        guard let gap, gap < 0.5 * size, gap > -0.5 * size, sizes.isLarge(size), marker == nil, other.lines.count + lines.count <= 3 else {
            return false
        }
        guard abs(size - other.size) < 0.02 * size, let first = lines.first, HeadingNumber.depth(of: first.text) == nil else {
            return false
        }
        return first.gaps.isEmpty && other.lines.allSatisfy(\.gaps.isEmpty)
    }

    func text(_ join: LineJoin) -> String {
        ListMarker.readable(join.joined(lines.map(\.text)))
    }
}
