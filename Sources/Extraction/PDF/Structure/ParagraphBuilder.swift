/// Makes paragraphs of lines that stand below each other.
struct ParagraphBuilder {
    private let lines: [PageLine]
    /// The usual step from line to line, in heights of their text.
    private let step: Double
    /// The right margin of each line's group of lines without a space between them.
    private let margins: [Double]

    // For too few lines to tell.
    private static let ordinaryStep = 1.4

    init(_ lines: [PageLine]) {
        self.lines = lines
        let steps = zip(lines, lines.dropFirst()).filter { Self.isSameSize($0, $1) }.map {
            ($1.box.bottom - $0.box.bottom) / max($0.size, 1)
        }.sorted()
        step = steps.count < 3 ? Self.ordinaryStep : steps[steps.count / 4]
        margins = Self.margins(of: lines, step: step)
    }

    /// The paragraphs from top to bottom. Linear in the lines.
    func paragraphs() -> [PageParagraph] {
        var paragraphs: [PageParagraph] = []
        for (index, line) in lines.enumerated() {
            let begins = paragraphs.last.map { isBreak(before: index, in: $0) } ?? true
            let marker = marker(of: line, isBreak: begins, after: paragraphs.last)
            if begins || marker != nil {
                let gap = index > 0 ? line.box.top - lines[index - 1].box.bottom : nil
                paragraphs.append(PageParagraph(line, marker: marker, gap: gap))
            } else {
                paragraphs[paragraphs.count - 1].append(line)
            }
        }
        return paragraphs
    }

    // MARK: - Where a paragraph ends

    private func isBreak(before index: Int, in paragraph: PageParagraph) -> Bool {
        let (previous, line) = (lines[index - 1], lines[index])
        guard Self.isSameSize(previous, line), !Self.isApart(previous, line, step: step), !isRow(previous), !isRow(line) else {
            return true
        }
        if isCentred(previous, line) { return false }
        if paragraph.lines.count == 1, Self.isField(previous.text), Self.isField(line.text) { return true }
        return hadRoom(after: index - 1, for: line) || isIndented(index, in: paragraph)
    }

    /// Cells far from each other are no running text.
    private func isRow(_ line: PageLine) -> Bool {
        line.gaps.contains { $0.length > 2.5 * line.size }
    }

    /// One below the other around the same axis.
    private func isCentred(_ first: PageLine, _ second: PageLine) -> Bool {
        abs(first.box.centerX - second.box.centerX) < 0.3 * first.size && abs(first.box.left - second.box.left) > first.size
    }

    /// Whether the line above ended although the first word of this one would have fitted.
    private func hadRoom(after index: Int, for line: PageLine) -> Bool {
        margins[index] - lines[index].box.right > line.firstWordWidth + 0.6 * line.size
    }

    /// The first line of a paragraph stands further to the right than the last of the one above, whose sentence has ended; the first
    /// line of a note or an entry further to the left.
    private func isIndented(_ index: Int, in paragraph: PageParagraph) -> Bool {
        let (previous, line) = (lines[index - 1], lines[index])
        let indent = line.box.left - previous.box.left
        if indent > 0.8 * line.size { return paragraph.marker == nil && Self.endsSentence(previous.text) }
        if indent < -0.8 * line.size { return paragraph.lines.count > 1 || paragraph.marker != nil }
        return false
    }

    // MARK: - Items of lists

    /// A number begins an item only where a paragraph may begin, or below an item of its kind.
    private func marker(of line: PageLine, isBreak: Bool, after last: PageParagraph?) -> ListMarker.Strength? {
        guard let strength = ListMarker.strength(of: line.text) else { return nil }
        if strength == .bullet || isBreak { return strength }
        guard let last, last.marker == .number, let first = last.lines.first else { return nil }
        return abs(first.box.left - line.box.left) < 0.5 * line.size ? strength : nil
    }

    // MARK: - Lines

    private static func isSameSize(_ first: PageLine, _ second: PageLine) -> Bool {
        max(first.size, second.size) <= 1.12 * min(first.size, second.size)
    }

    /// Whether more than the space between lines parts two lines, or the second stands above the first.
    private static func isApart(_ first: PageLine, _ second: PageLine, step: Double) -> Bool {
        let distance = second.box.bottom - first.box.bottom
        return distance > 1.25 * step * first.size || distance < 0
    }

    private static func margins(of lines: [PageLine], step: Double) -> [Double] {
        var margins: [Double] = []
        var group: [PageLine] = []
        func close() {
            let right = group.map(\.box.right).max() ?? 0
            margins += Array(repeating: right, count: group.count)
            group = []
        }
        for line in lines {
            if let last = group.last, !isSameSize(last, line) || isApart(last, line, step: step) { close() }
            group.append(line)
        }
        close()
        return margins
    }

    /// "Prepared by: A. Smith": up to four words, a colon, and more.
    private static func isField(_ text: String) -> Bool {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), text.first?.isUppercase == true else { return false }
        let name = text[..<colon]
        return name.utf8.count <= 40 && name.count(where: { $0 == " " }) < 4 && text[colon...].dropFirst().hasPrefix(" ")
    }

    private static func endsSentence(_ text: String) -> Bool {
        text.unicodeScalars.last { !"\"'”’»」』)）".unicodeScalars.contains($0) }.map { ".!?:;。．！？：".unicodeScalars.contains($0) } ?? true
    }
}
