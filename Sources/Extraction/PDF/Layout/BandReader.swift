/// Makes lines and rows of what stands side by side.
struct BandReader {
    let zone: Int
    let isTurned: Bool

    /// The words of one cell of a band, and the lines they make.
    private struct Cell {
        var words: [PageWord]
        var lines: [[PageWord]] = []
    }

    // A cell with more lines than this is no cell but text beside other text.
    private static let mostLinesInCell = 8

    /// The lines of a band from top to bottom. O(n log n) in the words.
    func lines(of band: TextBand) -> [PageLine] {
        let words = band.pieces.flatMap(\.words).sorted { $0.box.left < $1.box.left }
        var cells = cells(of: words)
        for index in cells.indices { cells[index].lines = Self.lines(of: cells[index].words) }
        guard cells.count > 1 else { return cells.flatMap(\.lines).compactMap { line([$0]) } }
        if cells.allSatisfy({ $0.lines.count == 1 }) { return [line(cells.map { $0.lines[0] })].compactMap { $0 } }
        if let rows = rows(of: words) { return rows }
        if cells.contains(where: { $0.lines.count > Self.mostLinesInCell }) {
            return cells.flatMap { $0.lines.compactMap { line([$0]) } }
        }
        return [line(cells.map { $0.lines.flatMap { $0 } })].compactMap { $0 }
    }

    /// The rows of cells that share heights line by line, though something tall beside them holds them together; nil where cells of
    /// different numbers of lines stand side by side.
    private func rows(of words: [PageWord]) -> [PageLine]? {
        let rows = Self.lines(of: words).map { cells(of: $0).map(\.words) }
        guard rows.count > 1, rows.count(where: { $0.count > 1 }) * 2 > rows.count, rows.allSatisfy(areLevel) else { return nil }
        return rows.compactMap(line)
    }

    private func areLevel(_ cells: [[PageWord]]) -> Bool {
        let first = cells.compactMap(\.first?.box)
        return zip(first, first.dropFirst()).allSatisfy { abs($0.centerY - $1.centerY) <= 0.25 * max($0.height, $1.height) }
    }

    // MARK: - Cells

    /// The words, from left to right, cut at gaps that are wider than spaces.
    private func cells(of words: [PageWord]) -> [Cell] {
        var cells: [Cell] = []
        var right = -Double.infinity
        for (index, word) in words.enumerated() {
            if index > 0, word.box.left - right < Self.gap(before: index, in: words) {
                cells[cells.count - 1].words.append(word)
            } else {
                cells.append(Cell(words: [word]))
            }
            right = max(right, word.box.right)
        }
        return cells
    }

    /// Columns of numbers stand closer than columns of text, and a currency sign far from its number begins a column.
    private static func gap(before index: Int, in words: [PageWord]) -> Double {
        let (first, second) = (words[index - 1], words[index])
        let height = max(first.box.height, second.box.height)
        if CellJoin.isCurrency(second.text) {
            let isFar = index + 1 < words.count && words[index + 1].box.left - second.box.right > 0.4 * height
            return isFar || WordText.isNumber(first.text) ? 0.2 * height : TextPiece.gap * height
        }
        return (WordText.isNumber(first.text) && WordText.isNumber(second.text) ? 0.5 : TextPiece.gap) * height
    }

    /// The words in lines from top to bottom, each from left to right: what stands at most half a height higher or lower is the same
    /// line, like a raised footnote mark.
    private static func lines(of words: [PageWord]) -> [[PageWord]] {
        var lines: [[PageWord]] = []
        var anchor: PageBox?
        for word in words.sorted(by: { $0.box.centerY < $1.box.centerY }) {
            if let box = anchor, word.box.centerY - box.centerY <= 0.5 * max(box.height, word.box.height) {
                lines[lines.count - 1].append(word)
                if word.box.height > box.height { anchor = word.box }
            } else {
                lines.append([word])
                anchor = word.box
            }
        }
        return lines.map { $0.sorted { $0.box.left < $1.box.left } }
    }

    // MARK: - Lines

    private func line(_ cells: [[PageWord]]) -> PageLine? {
        let drawnOnce = cells.map(LineText.drawnOnce)
        let words = drawnOnce.flatMap { $0 }
        guard let first = words.first else { return nil }
        let box = words.reduce(first.box) { $0.union($1.box) }
        return PageLine(
            cells: CellJoin.joined(drawnOnce.compactMap(Self.cell)), box: box, size: Self.size(of: words),
            firstWordWidth: min(first.box.width, LineText.isUnspaced(first.text) ? first.box.height : .infinity), zone: zone,
            isTurned: isTurned)
    }

    private static func cell(_ words: [PageWord]) -> PageCell? {
        guard let first = words.first else { return nil }
        let text = LineText.text(of: words)
        let right = words.reduce(first.box.right) { max($0, $1.box.right) }
        let left = words.reduce(first.box.left) { min($0, $1.box.left) }
        let isNumber =
            words.contains { WordText.isNumber($0.text) } && words.allSatisfy { WordText.isNumber($0.text) || CellJoin.isSign($0.text) }
        return PageCell(text: text, across: Span(lower: left, upper: right), isNumber: isNumber)
    }

    /// The height that stands in the middle when each word counts for its length.
    private static func size(of words: [PageWord]) -> Double {
        let sorted = words.sorted { $0.box.height < $1.box.height }
        let half = sorted.reduce(0) { $0 + $1.text.utf8.count } / 2
        var seen = 0
        for word in sorted {
            seen += word.text.utf8.count
            if seen > half { return word.box.height }
        }
        return sorted.last?.box.height ?? 0
    }
}
