/// Takes running heads, footers and page numbers out of the pages.
///
/// What stands in the first or last lines of a page and again at the same place of many pages is about the page, not about its
/// subject. A document of one or two pages loses nothing but bare page numbers.
struct RunningHeads {
    // How many lines at each end of a page may belong to its head or foot. They are learned from pages with four times as many lines,
    // since all lines of a shorter page stand near an end.
    private static let depth = 3
    // How far a running head may move from page to page, in points.
    private static let tolerance = 12.0

    /// Folded lines that stand at the ends of many pages, with their usual place.
    private let repeated: [String: Double]

    private struct Place {
        let page: Int
        let top: Double
    }

    /// O(n log n) in the pages.
    init(_ pages: [PageLayout]) {
        var places: [String: [Place]] = [:]
        for (index, page) in pages.enumerated() {
            let depth = min(Self.depth, page.lines.count / 4)
            for line in Set(Self.ends(of: page, depth: depth).joined()).map({ page.lines[$0] }) where !Self.isTitle(line, of: page) {
                places[Self.folded(line), default: []].append(Place(page: index, top: line.box.top))
            }
        }
        let needed = pages.count < 3 ? Int.max : pages.count < 10 ? max(3, (pages.count + 1) / 2) : min(max(4, pages.count / 10), 8)
        repeated = places.compactMapValues { places in
            let top = places.map(\.top).sorted()[places.count / 2]
            let steady = places.filter { abs($0.top - top) <= Self.tolerance }
            return steady.count >= needed && Self.isDense(steady) ? top : nil
        }
    }

    /// The page without them: from each end inwards as far as they reach.
    func removed(from page: PageLayout) -> PageLayout {
        var dropped: Set<Int> = []
        for end in Self.ends(of: page, depth: Self.depth) {
            var hadNumber = false
            for (place, index) in end.enumerated() {
                let line = page.lines[index]
                let isNumber = !hadNumber && PageNumber.isBare(line.text) && stands(line, apartFrom: end.dropFirst(place + 1), in: page)
                guard isNumber || isRepeated(line) else { break }
                hadNumber = hadNumber || isNumber
                dropped.insert(index)
            }
        }
        guard !dropped.isEmpty else { return page }
        return PageLayout(number: page.number, lines: page.lines.indices.filter { !dropped.contains($0) }.map { page.lines[$0] })
    }

    private func isRepeated(_ line: PageLine) -> Bool {
        repeated[Self.folded(line)].map { abs($0 - line.box.top) <= Self.tolerance } ?? false
    }

    /// Text larger than most on its page is a title, though it may be that of several pages.
    private static func isTitle(_ line: PageLine, of page: PageLayout) -> Bool {
        let sizes = page.lines.map(\.size).sorted()
        return line.size > 1.1 * sizes[sizes.count / 2]
    }

    /// On at least two of five of the pages between the first and the last: a head on every second page, or in one chapter.
    private static func isDense(_ places: [Place]) -> Bool {
        guard let first = places.first?.page, let last = places.last?.page else { return false }
        return 5 * places.count >= 2 * (last - first + 1)
    }

    /// The lines at the top, outermost first, and at the bottom. Lines of a short page are at its top and at its bottom.
    private static func ends(of page: PageLayout, depth: Int) -> [[Int]] {
        let order = page.lines.indices.sorted { page.lines[$0].box.top < page.lines[$1].box.top }
        return [Array(order.prefix(depth)), Array(order.suffix(depth).reversed())]
    }

    private func stands(_ line: PageLine, apartFrom rest: ArraySlice<Int>, in page: PageLayout) -> Bool {
        guard let next = rest.first.map({ page.lines[$0].box }) else { return page.lines.count > 1 }
        return max(next.top - line.box.bottom, line.box.top - next.bottom) > 0.5 * line.size
    }

    /// The line as all pages have it: small letters, and "#" for a number that can be a page, chapter or year. Amounts stay, so that
    /// the last rows of tables differ.
    static func folded(_ line: PageLine) -> String {
        line.text.lowercased().split(separator: " ").map { word -> String in
            let core = word.trimmingMarks
            guard !core.isEmpty, core.count <= 4, core.allSatisfy({ $0.isNumber }) else { return String(word) }
            return word.count == core.count ? "#" : String(word.replacing(core, with: "#"))
        }.joined(separator: " ")
    }
}

extension Substring {
    /// Without what is neither letter nor number at both ends.
    fileprivate var trimmingMarks: Substring {
        let start = drop { !$0.isLetter && !$0.isNumber }
        guard let end = start.lastIndex(where: { $0.isLetter || $0.isNumber }) else { return "" }
        return start[...end]
    }
}
