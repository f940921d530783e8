/// What line breaks mean in running text, on UTF-8 bytes.
enum LineBreaks {
    /// Turns each line break inside a paragraph into spaces, byte for byte, so that offsets stay valid. Line breaks of blank lines and the
    /// paragraph separator (U+2029) stay.
    static func joinLines(of bytes: inout [UInt8]) {
        var position = 0
        while position < bytes.count {
            guard let first = length(of: bytes, at: position) else {
                position += 1
                continue
            }
            let stretch = whiteSpaceStretch(of: bytes, from: position)
            if stretch.lineBreaks == 1 {
                for offset in position..<(position + first) { bytes[offset] = 0x20 }
            }
            position = stretch.end
        }
    }

    /// Whether there is nothing but ASCII white space, line separators and ideographic spaces.
    static func isBlank(_ bytes: ArraySlice<UInt8>) -> Bool {
        leadingSpaceEnd(of: bytes) == bytes.endIndex
    }

    /// Where such white space at the beginning ends.
    static func leadingSpaceEnd(of bytes: ArraySlice<UInt8>) -> Int {
        var position = bytes.startIndex
        while position < bytes.endIndex, let length = whiteSpaceLength(of: bytes, at: position) { position += length }
        return position
    }

    /// The number of bytes of the white space scalar at `position`, nil where there is none.
    static func whiteSpaceLength(of bytes: ArraySlice<UInt8>, at position: Int) -> Int? {
        switch bytes[position] {
        case 0x09...0x0D, 0x20: return 1
        case 0xC2: return position + 1 < bytes.endIndex && (bytes[position + 1] == 0x85 || bytes[position + 1] == 0xA0) ? 2 : nil
        case 0xE2:
            guard position + 2 < bytes.endIndex, bytes[position + 1] == 0x80 else { return nil }
            return (0x80...0x8A).contains(bytes[position + 2]) || (0xA8...0xA9).contains(bytes[position + 2]) ? 3 : nil
        case 0xE3:
            return position + 2 < bytes.endIndex && bytes[position + 1] == 0x80 && bytes[position + 2] == 0x80 ? 3 : nil
        default: return nil
        }
    }

    /// The number of bytes of the line break (CR LF, CR, LF, VT, FF, NEL, LS) at `position`, nil where there is none.
    private static func length(of bytes: [UInt8], at position: Int) -> Int? {
        switch bytes[position] {
        case 0x0D: return position + 1 < bytes.count && bytes[position + 1] == 0x0A ? 2 : 1
        case 0x0A...0x0C: return 1
        case 0xC2: return position + 1 < bytes.count && bytes[position + 1] == 0x85 ? 2 : nil
        case 0xE2: return position + 2 < bytes.count && bytes[position + 1] == 0x80 && bytes[position + 2] == 0xA8 ? 3 : nil
        default: return nil
        }
    }

    /// The end of the white space that starts at `start`, and how many line breaks it holds.
    private static func whiteSpaceStretch(of bytes: [UInt8], from start: Int) -> (end: Int, lineBreaks: Int) {
        var end = start
        var lineBreaks = 0
        while end < bytes.count, let white = whiteSpaceLength(of: bytes[...], at: end) {
            let lineBreak = length(of: bytes, at: end)
            if lineBreak != nil { lineBreaks += 1 }
            end += lineBreak ?? white
        }
        return (end, lineBreaks)
    }
}
