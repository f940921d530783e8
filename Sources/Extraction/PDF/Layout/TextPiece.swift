/// A stretch of one line without a gap as wide as those between columns: what the search for columns moves about.
struct TextPiece {
    let words: ArraySlice<PageWord>
    /// All words across; from top to bottom only those of full height, so that a raised footnote mark does not reach into the line above.
    let box: PageBox
    /// How many words are numbers or signs of currency and the like.
    let numbers: Int

    /// The middle of its height, which lines of ordinary leading do not share with their neighbours, though cells set half a line lower do.
    var middle: Span { Span(lower: box.centerY - 0.35 * box.height, upper: box.centerY + 0.35 * box.height) }
    var across: Span { Span(lower: box.left, upper: box.right) }

    /// A gap between words of at least this many times the height of the text parts columns.
    static let gap = 0.8

    private init?(_ words: ArraySlice<PageWord>) {
        guard let first = words.first, let tallest = words.lazy.map(\.box.height).max() else { return nil }
        var box = first.box
        var isFirstTall = true
        for word in words.map(\.box) {
            (box.left, box.right) = (min(box.left, word.left), max(box.right, word.right))
            guard word.height > tallest * 0.75 else { continue }
            (box.top, box.bottom) = isFirstTall ? (word.top, word.bottom) : (min(box.top, word.top), max(box.bottom, word.bottom))
            isFirstTall = false
        }
        self.words = words
        self.box = box
        numbers = words.count { WordText.isNumber($0.text) || CellJoin.isSign($0.text) }
    }

    /// The pieces of a line whose words stand from left to right.
    static func pieces(of line: [PageWord]) -> [TextPiece] {
        let words = withoutDots(line)[...]
        var pieces: [TextPiece] = []
        var start = words.startIndex
        var right = -Double.infinity
        for index in words.indices {
            let box = words[index].box
            if index > start, box.left - right >= gap * max(box.height, words[index - 1].box.height) {
                pieces += [TextPiece(words[start..<index])].compactMap { $0 }
                start = index
                right = box.right
            }
            right = max(right, box.right)
        }
        return pieces + [TextPiece(words[start...])].compactMap { $0 }
    }

    /// Dots that come one by one lead to a page number, like those that come as one word.
    private static func withoutDots(_ line: [PageWord]) -> [PageWord] {
        let dots = line.count { $0.text == "." || $0.text == ".." }
        return dots < 3 ? line : line.filter { $0.text != "." && $0.text != ".." }
    }
}
