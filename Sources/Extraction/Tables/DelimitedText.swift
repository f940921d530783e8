/// The rows of a text of delimited values (RFC 4180), read in one pass.
///
/// A value in quotation marks may hold delimiters, line ends and doubled quotation marks. A quotation mark inside an unquoted value, or
/// one that neither doubles nor ends a value, is an ordinary character. When one is never closed, it and all after it are ordinary.
struct DelimitedText {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let delimiter: UInt8
    private var position = 0
    private var hasQuotes = true

    /// - Parameter bytes: valid UTF-8 with line ends `\n`; must outlive this value.
    init(_ bytes: UnsafeBufferPointer<UInt8>, delimiter: UInt8, from start: Int = 0) {
        self.bytes = bytes
        self.delimiter = delimiter
        position = start
    }

    /// The values of the next row, nil at the end. An empty line has one empty value.
    mutating func nextRow() -> [String]? {
        guard position < bytes.count else { return nil }
        var row: [String] = []
        while true {
            row.append(nextValue())
            guard position < bytes.count else { return row }
            let mark = bytes[position]
            position += 1
            if mark == 0x0A { return row }
            // A delimiter before the end of the text has one more value, an empty one, behind it.
            if position == bytes.count {
                row.append("")
                return row
            }
        }
    }

    private mutating func nextValue() -> String {
        if hasQuotes, position < bytes.count, bytes[position] == UInt8(ascii: "\""), let value = quotedValue() { return value }
        let start = position
        while position < bytes.count, bytes[position] != delimiter, bytes[position] != 0x0A { position += 1 }
        return string(start..<position)
    }

    /// The inside of the value that begins here; nil, and no more quotation, when it has no end.
    private mutating func quotedValue() -> String? {
        var value: [UInt8] = []
        var next = position + 1
        while next < bytes.count {
            let byte = bytes[next]
            if byte == UInt8(ascii: "\"") {
                if next + 1 < bytes.count, bytes[next + 1] == byte {
                    next += 1
                } else if let end = valueEnd(after: next) {
                    position = end
                    return String(decoding: value, as: UTF8.self)
                }
            }
            value.append(byte)
            next += 1
        }
        hasQuotes = false
        return nil
    }

    /// Where the value ends that the quotation mark at `mark` closes, nil when it closes none: only spaces may follow.
    private func valueEnd(after mark: Int) -> Int? {
        var end = mark + 1
        while end < bytes.count, bytes[end] == 0x20 { end += 1 }
        return end == bytes.count || bytes[end] == delimiter || bytes[end] == 0x0A ? end : nil
    }

    private func string(_ range: Range<Int>) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }
}
