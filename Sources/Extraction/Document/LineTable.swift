/// The lines of a text, as ranges of bytes. Takes 4 bytes for each line.
struct LineTable {
    /// Each line with its white space, without its `\n`. A text that ends with `\n` has no line after it.
    let lines: Lines
    let source: SourceText

    init(_ source: SourceText) {
        self.source = source
        lines = Lines(of: source.bytes)
    }

    var count: Int { lines.count }

    /// The bytes of a line without the white space at both ends.
    func trimmed(_ line: Int) -> Range<Int> {
        WhiteSpace.trim(lines[line], in: source.bytes)
    }

    func isBlank(_ line: Int) -> Bool {
        trimmed(line).isEmpty
    }

    /// The text of a line without the white space at both ends.
    func text(_ line: Int) -> String {
        source.string(trimmed(line))
    }

    /// The bytes from the first to the last non-blank scalar of `lines`; empty where all are blank.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        guard let first = range.first, let last = range.last else { return 0..<0 }
        return WhiteSpace.trim(lines[first].lowerBound..<lines[last].upperBound, in: source.bytes)
    }

    /// The ranges of the lines, made from where each begins.
    struct Lines: RandomAccessCollection {
        /// The first byte of each line, and one past the `\n` that ends the last one, whether it is there or not.
        private let starts: [UInt32]

        fileprivate init(of bytes: [UInt8]) {
            var starts: [UInt32] = [0]
            for (offset, byte) in bytes.enumerated() where byte == 0x0A {
                starts.append(UInt32(offset + 1))
            }
            if Int(starts[starts.count - 1]) < bytes.count { starts.append(UInt32(bytes.count + 1)) }
            self.starts = starts
        }

        var startIndex: Int { 0 }
        var endIndex: Int { starts.count - 1 }

        subscript(line: Int) -> Range<Int> {
            Int(starts[line])..<(Int(starts[line + 1]) - 1)
        }
    }
}
