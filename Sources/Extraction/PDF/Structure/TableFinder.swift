/// Finds the tables among the lines of a zone.
struct TableFinder {
    /// What a part of a zone is.
    enum Part {
        case text([PageLine])
        case table(PageTable)
    }

    private let lines: [PageLine]

    // So many lines of labels may stand between two rows: headings of sections, labels of several lines.
    private static let mostLabelLines = 3
    // And so many lines that go on with a cell of words.
    private static let mostLinesOfCell = 12

    init(_ lines: [PageLine]) {
        self.lines = lines
    }

    /// The parts from top to bottom. Linear in the lines.
    func parts() -> [Part] {
        var parts: [Part] = []
        var text: [PageLine] = []
        var index = 0
        while index < lines.count {
            if let end = tableEnd(from: index) {
                let titles = titles(above: index, in: text, table: lines[index..<end])
                if text.count > titles.count { parts.append(.text(text.dropLast(titles.count))) }
                parts.append(.table(PageTable(rows: titles + lines[index..<end])))
                text = []
                index = end
            } else {
                text.append(lines[index])
                index += 1
            }
        }
        return text.isEmpty ? parts : parts + [.text(text)]
    }

    /// The end of the table that begins with line `start`, nil where none does: two rows with numbers, or three of words.
    private func tableEnd(from start: Int) -> Int? {
        guard lines[start].cells.count > 1 else { return nil }
        var end = start + 1
        var rows = 1
        var labels = 0
        var hadAmount = lines[start].hasAmount
        var next = end
        while next < lines.count, next - end <= Self.mostLinesOfCell, follows(lines[next - 1], lines[next]) {
            if lines[next].cells.count > 1 {
                guard sharesGap(lines[next], with: lines[end - 1], or: lines[start]) else { break }
                if hadAmount, beginsTable(next) { break }
                hadAmount = hadAmount || lines[next].hasAmount
                labels = 0
                rows += 1
                end = next + 1
            } else {
                labels += isLabel(lines[next], of: lines[end - 1]) ? 1 : 0
                let isCell = isInOneColumn(lines[next], of: lines[end - 1]) && labels <= Self.mostLabelLines
                if !isCell || isHeading(next) { break }
            }
            next += 1
        }
        let numbers = lines[start..<end].count { $0.cells.dropFirst().contains(where: \.isNumber) }
        return rows >= 3 || rows == 2 && numbers > 0 ? end : nil
    }

    /// Titles below a space begin a table of their own.
    private func beginsTable(_ index: Int) -> Bool {
        lines[index].hasTitles && isBelowSpace(index)
    }

    private func isHeading(_ index: Int) -> Bool {
        isBelowSpace(index) && HeadingNumber.depth(of: lines[index].text) != nil
    }

    private func isBelowSpace(_ index: Int) -> Bool {
        lines[index].box.top - lines[index - 1].box.bottom > 0.8 * lines[index].size
    }

    private func follows(_ first: PageLine, _ second: PageLine) -> Bool {
        second.box.top - first.box.bottom < 3 * max(first.size, second.size)
    }

    private func sharesGap(_ line: PageLine, with last: PageLine, or first: PageLine) -> Bool {
        [last, first].contains { other in
            Span.overlap(line.gaps, other.gaps, moreThan: 0.3 * line.size)
        }
    }

    /// Whether a line alone stands in the label column of a row, or right of it.
    private func isInOneColumn(_ line: PageLine, of row: PageLine) -> Bool {
        guard let gap = row.gaps.first else { return false }
        return line.box.right <= gap.upper || line.box.left >= gap.lower - line.size
    }

    private func isLabel(_ line: PageLine, of row: PageLine) -> Bool {
        row.gaps.first.map { line.box.left < $0.lower - line.size } ?? true
    }

    /// Lines over the values of a table, such as "Years ended December 31".
    private func titles(above start: Int, in text: [PageLine], table: ArraySlice<PageLine>) -> [PageLine] {
        let labels = table.compactMap { $0.cells.count > 1 && !$0.cells[0].isNumber ? $0.gaps.first?.lower : nil }.sorted()
        guard !labels.isEmpty else { return [] }
        let edge = labels[labels.count / 2]
        var titles: [PageLine] = []
        var below = lines[start]
        for line in text.reversed().prefix(Self.mostLabelLines) {
            guard line.box.left > edge, below.box.top - line.box.bottom < 1.5 * line.size else { break }
            titles.append(line)
            below = line
        }
        return titles.reversed()
    }
}
