/// Running text with its white space collapsed as browsers do: runs become one space, those at the ends of lines none.
///
/// A line end of the source between two characters of Chinese or Japanese, which are written without spaces, is none either
/// (CSS Text Module Level 3, section 4.1.3).
struct HTMLInlineText {
    private var bytes: [UInt8] = []
    private var hasSpace = false
    private var spaceHasLineEnd = false

    /// Whether nothing visible was added.
    var isEmpty: Bool { !bytes.contains { $0 != 0x20 && $0 != 0x0A } }

    mutating func append(_ characters: ArraySlice<UInt8>) {
        var position = characters.startIndex
        while position < characters.endIndex {
            let byte = characters[position]
            switch byte {
            case 0x20, 0x09...0x0D:
                hasSpace = true
                spaceHasLineEnd = spaceHasLineEnd || byte == 0x0A
            case 0xC2 where position + 1 < characters.endIndex && characters[position + 1] == 0xA0:
                // Pages push words apart with spaces that do not break.
                hasSpace = true
                position += 1
            default:
                if hasSpace { writeSpace(before: byte, position + 1 < characters.endIndex ? characters[position + 1] : 0) }
                bytes.append(byte)
            }
            position += 1
        }
    }

    /// A space, unless the text has one here or begins or ends here.
    mutating func space() {
        hasSpace = true
    }

    /// A `<br>`.
    mutating func breakLine() {
        hasSpace = false
        spaceHasLineEnd = false
        bytes.append(0x0A)
    }

    /// Marks the end of an item in a row of items.
    mutating func separate() {
        guard let last = bytes.last, !";.:,".utf8.contains(last) else { return hasSpace = true }
        bytes.append(UInt8(ascii: ";"))
        hasSpace = true
    }

    /// The text so far, and a new beginning.
    mutating func take() -> String {
        defer { self = HTMLInlineText() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func writeSpace(before next: UInt8, _ second: UInt8) {
        let joins = spaceHasLineEnd && Self.isWide(next, second) && endsWide
        if hasSpace, !joins, let last = bytes.last, last != 0x20, last != 0x0A { bytes.append(0x20) }
        hasSpace = false
        spaceHasLineEnd = false
    }

    private var endsWide: Bool {
        bytes.count >= 3 && Self.isWide(bytes[bytes.count - 3], bytes[bytes.count - 2])
    }

    /// Whether UTF-8 that begins so is Kana, Han or full-width (U+3000 to U+9FFF, U+FF00 to U+FF7F).
    private static func isWide(_ first: UInt8, _ second: UInt8) -> Bool {
        (0xE3...0xE9).contains(first) || (first == 0xEF && (second == 0xBC || second == 0xBD))
    }
}
