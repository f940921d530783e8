@testable import Extraction

/// A page of words with boxes as poppler would print it, for tests of the layout alone: letters half as wide as the text is high,
/// ideographs square.
struct DrawnPage {
    private(set) var words: PageWords

    init(_ number: Int = 1, width: Double = 600, height: Double = 800) {
        words = PageWords(number: number, width: width, height: height)
    }

    /// Writes a line whose left upper corner is at `x` and `y`; words stand apart by a space.
    mutating func write(_ text: String, x: Double = 60, y: Double, size: Double = 10) {
        words.beginLine()
        var left = x
        for word in text.split(separator: " ") {
            let width = Self.width(of: word, size: size)
            if let text = WordText.kept(String(word)) {
                words.append(PageWord(text: text, box: PageBox(left: left, top: y, right: left + width, bottom: y + size)))
            }
            left += width + size * 0.25
        }
    }

    /// Writes lines below each other.
    mutating func write(_ lines: [String], x: Double = 60, y: Double, step: Double = 12, size: Double = 10) {
        for (index, line) in lines.enumerated() { write(line, x: x, y: y + Double(index) * step, size: size) }
    }

    static func width(of word: Substring, size: Double) -> Double {
        word.unicodeScalars.reduce(0) { $0 + (WordText.isUnspaced($1) ? size : size / 2) }
    }
}

func document(_ pages: [DrawnPage], title: String? = nil) -> ExtractedDocument {
    var all = PDFPages()
    for page in pages { all.append(page.words) }
    return all.document(title: title)
}

func document(_ draw: (inout DrawnPage) -> Void) -> ExtractedDocument {
    var page = DrawnPage()
    draw(&page)
    return document([page])
}

/// Lines of running text, `count` of them, each with as many words as fit into `length` letters.
func proseLines(_ count: Int, length: Int = 40, seed: Int = 0) -> [String] {
    let vocabulary = [
        "river", "stone", "market", "engine", "garden", "letter", "window", "harbour", "winter", "paper", "silver", "carriage", "of", "and",
        "the",
    ]
    var word = seed
    return (0..<count).map { _ in
        var line = vocabulary[word % vocabulary.count]
        while true {
            word += 4
            let next = vocabulary[word % vocabulary.count]
            guard line.count + next.count < length else { return line }
            line += " " + next
        }
    }
}
