/// Reads the tokens of JSON from bytes of valid UTF-8.
struct JSONScanner {
    private let bytes: ArraySlice<UInt8>
    private(set) var position: Int
    /// One past the last token.
    private(set) var lastEnd: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
        lastEnd = bytes.startIndex
    }

    mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    /// The first byte of the next token, nil at the end.
    mutating func peek() -> UInt8? {
        skipSpace()
        return byte
    }

    /// Passes the token of one byte that ``peek()`` has shown.
    mutating func advance() {
        position += 1
        lastEnd = position
    }

    /// Passes `mark` if it comes next.
    mutating func skip(_ mark: UInt8) -> Bool {
        guard peek() == mark else { return false }
        advance()
        return true
    }

    mutating func expect(_ mark: UInt8, or expected: String) throws(JSONSyntaxError) {
        guard skip(mark) else { throw unexpected(expected) }
    }

    /// A string with its quotation marks; its escapes are checked, not decoded.
    mutating func string(expecting expected: String) throws(JSONSyntaxError) -> Range<Int> {
        guard peek() == UInt8(ascii: "\"") else { throw unexpected(expected) }
        let start = position
        position += 1
        while let byte {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                lastEnd = position
                return start..<position
            case UInt8(ascii: "\\"): try escape()
            case ..<0x20:
                throw JSONSyntaxError(offset: position - 1, problem: "a line end, tab or other control character in a string")
            default: break
            }
        }
        throw JSONSyntaxError(offset: bytes.endIndex, problem: "a string is not closed")
    }

    /// A number, in the notation of the source.
    mutating func number() throws(JSONSyntaxError) -> Range<Int> {
        let start = position
        if byte == UInt8(ascii: "-") { position += 1 }
        if byte == UInt8(ascii: "0") { position += 1 } else { try digits() }
        if byte == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            position += 1
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        lastEnd = position
        return start..<position
    }

    mutating func literal() throws(JSONSyntaxError) -> Range<Int> {
        let rest = bytes[position...]
        for word in ["true", "false", "null"] where rest.starts(with: word.utf8) {
            defer { position = lastEnd }
            lastEnd = position + word.utf8.count
            return position..<lastEnd
        }
        let isCut = !rest.isEmpty && ["true", "false", "null"].contains { $0.utf8.starts(with: rest) }
        throw isCut ? JSONSyntaxError(offset: bytes.endIndex, problem: "the text ends inside a word") : unexpected("a value")
    }

    private var byte: UInt8? {
        position < bytes.endIndex ? bytes[position] : nil
    }

    private mutating func digits() throws(JSONSyntaxError) {
        let start = position
        while let byte, (0x30...0x39).contains(byte) { position += 1 }
        if position == start { throw unexpected("a digit") }
    }

    private mutating func escape() throws(JSONSyntaxError) {
        guard let letter = byte else { throw JSONSyntaxError(offset: bytes.endIndex, problem: "a string is not closed") }
        guard letter == UInt8(ascii: "u") || JSONString.escapes[letter] != nil else {
            throw JSONSyntaxError(offset: position - 1, problem: "an escape that JSON does not have")
        }
        position += 1
        guard letter == UInt8(ascii: "u") else { return }
        let digits = bytes[position...].prefix(4)
        guard digits.allSatisfy({ JSONString.hexDigit($0) != nil }) else {
            throw JSONSyntaxError(offset: position - 2, problem: "\\u without four hexadecimal digits")
        }
        guard digits.count == 4 else { throw JSONSyntaxError(offset: bytes.endIndex, problem: "a string is not closed") }
        position += 4
    }

    private func unexpected(_ expected: String) -> JSONSyntaxError {
        guard let byte else { return JSONSyntaxError(offset: bytes.endIndex, problem: "the text ends where \(expected) should stand") }
        let found = (0x21..<0x7F).contains(byte) ? " instead of \(Character(Unicode.Scalar(byte)))" : ""
        return JSONSyntaxError(offset: position, problem: "\(expected) is expected\(found)")
    }
}
