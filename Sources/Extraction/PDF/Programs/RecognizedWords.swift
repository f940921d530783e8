/// What tesseract prints as TSV: a row for each page, block, paragraph, line and word, with boxes in dots.
///
/// Its boxes hold the ink alone, so that "on" is lower than "of" and a line without "g" lower than the next. Words get the height of
/// their line, and lines of nearly the usual height just that.
struct RecognizedWords {
    private struct Line {
        var box: PageBox
        var words: [PageWord] = []
    }

    private let lines: [Line]

    // Below this tesseract guesses at specks and pictures.
    private static let leastConfidence = 30.0

    /// - Parameter pointsPerDot: the size of a dot of the picture.
    init(_ table: [UInt8], pointsPerDot: Double) {
        var lines: [Line] = []
        for row in table.split(separator: 0x0A) {
            let fields = String(decoding: row, as: UTF8.self).split(separator: "\t", omittingEmptySubsequences: false)
            guard let box = Self.box(fields, pointsPerDot) else { continue }
            if fields[0] == "4" { lines.append(Line(box: box)) }
            let text = fields[11].split(whereSeparator: \.isWhitespace).joined()
            guard fields[0] == "5", !lines.isEmpty, !text.isEmpty, Double(fields[10]) ?? 0 >= Self.leastConfidence else { continue }
            lines[lines.count - 1].words.append(PageWord(text: text, box: box))
        }
        self.lines = lines.filter { !$0.words.isEmpty }
    }

    /// The page with these words.
    func words(on page: PageWords) -> PageWords {
        var result = PageWords(number: page.number, width: page.width, height: page.height)
        let heights = lines.map(\.box.height).sorted()
        for line in lines {
            let usual = heights[heights.count / 2]
            let height = (0.7 * usual...1.4 * usual).contains(line.box.height) ? usual : line.box.height
            result.beginLine()
            for word in line.words {
                let box = PageBox(
                    left: word.box.left, top: line.box.centerY - height / 2, right: word.box.right, bottom: line.box.centerY + height / 2)
                result.append(PageWord(text: word.text, box: box))
            }
        }
        return result
    }

    /// Nil for what is no row of the table.
    private static func box(_ fields: [Substring], _ pointsPerDot: Double) -> PageBox? {
        guard fields.count == 12 else { return nil }
        let dots = fields[6..<10].compactMap { Double($0) }
        guard dots.count == 4 else { return nil }
        return PageBox(
            left: dots[0] * pointsPerDot, top: dots[1] * pointsPerDot, right: (dots[0] + dots[2]) * pointsPerDot,
            bottom: (dots[1] + dots[3]) * pointsPerDot)
    }
}
