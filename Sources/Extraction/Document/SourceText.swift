/// A text as UTF-8 bytes, with the two offsets in use: bytes inside this room, Unicode scalars in what leaves it.
struct SourceText {
    let bytes: [UInt8]
    /// The number of scalars before each multiple of ``stride`` bytes, and the total at the end.
    private let checkpoints: [Int]
    private static let stride = 64

    init(_ text: String) {
        bytes = Array(text.utf8)
        var checkpoints: [Int] = []
        checkpoints.reserveCapacity(bytes.count / Self.stride + 2)
        var scalars = 0
        for start in Swift.stride(from: 0, to: bytes.count, by: Self.stride) {
            checkpoints.append(scalars)
            scalars += Self.scalars(in: bytes[start..<min(start + Self.stride, bytes.count)])
        }
        checkpoints.append(scalars)
        self.checkpoints = checkpoints
    }

    /// The scalars before byte `offset`, which begins a scalar or is the end. Constant time.
    func scalarOffset(ofByte offset: Int) -> Int {
        let checkpoint = offset / Self.stride
        return checkpoints[checkpoint] + Self.scalars(in: bytes[(checkpoint * Self.stride)..<offset])
    }

    /// The byte at which scalar `offset` begins; the end for any offset beyond. Logarithmic time.
    func byteOffset(ofScalar offset: Int) -> Int {
        var low = 0
        var high = checkpoints.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if checkpoints[middle] <= offset { low = middle } else { high = middle }
        }
        var position = min(low * Self.stride, bytes.count)
        var missing = offset - checkpoints[low]
        while position < bytes.count {
            if bytes[position] & 0xC0 != 0x80 {
                if missing == 0 { return position }
                missing -= 1
            }
            position += 1
        }
        return position
    }

    /// The text of a range of bytes that begins and ends between scalars.
    func string(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    private static func scalars(in bytes: ArraySlice<UInt8>) -> Int {
        bytes.reduce(into: 0) { count, byte in
            if byte & 0xC0 != 0x80 { count += 1 }
        }
    }
}

/// The lines of a text, as ranges of bytes.
struct LineTable {
    /// Each line with its white space, without its `\n`. A text that ends with `\n` has no line after it.
    let lines: [Range<Int>]
    let source: SourceText

    init(_ source: SourceText) {
        self.source = source
        var lines: [Range<Int>] = []
        var start = 0
        for (offset, byte) in source.bytes.enumerated() where byte == 0x0A {
            lines.append(start..<offset)
            start = offset + 1
        }
        if start < source.bytes.count { lines.append(start..<source.bytes.count) }
        self.lines = lines
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
}
