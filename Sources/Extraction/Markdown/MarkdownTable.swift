/// GitHub's tables (GFM 4.10), found in the paragraphs that cmark's block phase leaves.
///
/// The table extension of cmark is not used: it fills every row to the width of the head, so that a few megabytes can ask for
/// gigabytes of cells.
enum MarkdownTable {
    /// `block` as it is, or, for a paragraph or item that holds a table, the part before the table and the table.
    static func split(_ block: LineBlock, of table: LineTable) -> [LineBlock] {
        guard block.kind == .paragraph || block.kind == .listItem, let head = head(of: block.lines, in: table) else { return [block] }
        let rows = LineBlock(kind: .table, lines: head..<block.lines.upperBound)
        if head == block.lines.lowerBound { return [rows] }
        return [LineBlock(kind: block.kind, lines: block.lines.lowerBound..<head), rows]
    }

    /// The line of titles: the one above the first delimiter row with as many cells.
    private static func head(of lines: Range<Int>, in table: LineTable) -> Int? {
        lines.dropLast().first { line in
            guard let columns = delimitedColumns(table.source.bytes[table.trimmed(line + 1)]) else { return false }
            return columns == cells(ofRow: table.source.bytes[table.trimmed(line)]).count
        }
    }

    /// The number of columns of a delimiter row such as `|:--|--:|`, nil for any other line.
    private static func delimitedColumns(_ line: ArraySlice<UInt8>) -> Int? {
        guard line.contains(UInt8(ascii: "|")), line.allSatisfy({ "|:- \t".utf8.contains($0) }) else { return nil }
        let inner = withoutOuterBars(line)
        let columns = inner.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
        return columns.allSatisfy(isDelimiter) ? columns.count : nil
    }

    private static func isDelimiter(_ cell: ArraySlice<UInt8>) -> Bool {
        let marks = cell.split { $0 == 0x20 || $0 == 0x09 }
        guard marks.count == 1, var dashes = marks.first else { return false }
        if dashes.first == UInt8(ascii: ":") { dashes.removeFirst() }
        if dashes.last == UInt8(ascii: ":") { dashes.removeLast() }
        return !dashes.isEmpty && dashes.allSatisfy { $0 == UInt8(ascii: "-") }
    }

    /// The cells of a row without the spaces around them; a bar after a backslash is part of its cell.
    static func cells(ofRow line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        let inner = withoutOuterBars(line)
        var bars: [Int] = []
        var previous: UInt8 = 0
        for (position, byte) in zip(inner.indices, inner) {
            if byte == UInt8(ascii: "|"), previous != UInt8(ascii: "\\") { bars.append(position) }
            previous = byte
        }
        return zip([inner.startIndex - 1] + bars, bars + [inner.endIndex]).map { before, end in
            let cell = inner[(before + 1)..<end].drop { $0 == 0x20 || $0 == 0x09 }
            return cell.dropLast(cell.reversed().prefix { $0 == 0x20 || $0 == 0x09 }.count)
        }
    }

    private static func withoutOuterBars(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var inner = line
        if inner.first == UInt8(ascii: "|") { inner.removeFirst() }
        if inner.last == UInt8(ascii: "|"), inner.dropLast().last != UInt8(ascii: "\\") { inner.removeLast() }
        return inner
    }
}
