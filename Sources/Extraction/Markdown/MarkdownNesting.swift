/// How deep the markup of a single line nests. The parser makes a node for every level and visits each for every line that
/// continues it, so a file of nothing but `>` would take gigabytes.
enum MarkdownNesting {
    private static let deepest = 100

    /// Whether a line opens more than 100 quotations and lists at once.
    static func isExcessive(in lines: Range<Int>, of table: LineTable) -> Bool {
        // Each mark takes at least one byte.
        lines.contains { table.lines[$0].count > deepest && depth(of: table.source.bytes[table.lines[$0]]) > deepest }
    }

    /// The container marks at the beginning of a line; none for a rule such as `* * *`.
    private static func depth(of line: ArraySlice<UInt8>) -> Int {
        guard !isRule(line) else { return 0 }
        var rest = line
        var depth = 0
        while depth <= deepest {
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
            guard let length = markLength(at: rest) else { break }
            rest = rest.dropFirst(length)
            depth += 1
        }
        return depth
    }

    private static func isRule(_ line: ArraySlice<UInt8>) -> Bool {
        guard let mark = line.first(where: { $0 != 0x20 && $0 != 0x09 }), "*-_".utf8.contains(mark) else { return false }
        return line.allSatisfy { $0 == mark || $0 == 0x20 || $0 == 0x09 }
    }

    /// The length of the `>`, bullet or number at the beginning of `line`, nil where there is none.
    private static func markLength(at line: ArraySlice<UInt8>) -> Int? {
        if line.first == UInt8(ascii: ">") { return 1 }
        let digits = line.prefix(10).prefix { (0x30...0x39).contains($0) }.count
        let marks = digits == 0 ? "-+*".utf8 : ".)".utf8
        guard digits < 10, let mark = line.dropFirst(digits).first, marks.contains(mark) else { return nil }
        let next = line.dropFirst(digits + 1).first
        return next == nil || next == 0x20 || next == 0x09 ? digits + 1 : nil
    }
}
