/// A word with the place it is drawn at.
struct PageWord: Equatable, Sendable {
    var text: String
    var box: PageBox
}

/// What one page shows, as poppler or text recognition finds it: words in lines, the lines in no order to rely on.
struct PageWords: Sendable {
    /// Counted from 1.
    let number: Int
    /// The size of the page in points before it is rotated.
    let width: Double
    let height: Double
    /// The words, line by line.
    private(set) var words: [PageWord] = []
    /// For each line the number of its first word.
    private(set) var lineStarts: [Int] = []

    init(number: Int, width: Double, height: Double) {
        self.number = number
        self.width = width
        self.height = height
    }

    /// The next word starts a line.
    mutating func beginLine() {
        if lineStarts.last != words.count { lineStarts.append(words.count) }
    }

    mutating func append(_ word: PageWord) {
        if lineStarts.isEmpty { beginLine() }
        words.append(word)
    }

    /// The words of each line; no line is empty.
    var lines: [ArraySlice<PageWord>] {
        let ends = lineStarts.dropFirst() + [words.count]
        return zip(lineStarts, ends).compactMap { $0 < $1 ? words[$0..<$1] : nil }
    }
}
