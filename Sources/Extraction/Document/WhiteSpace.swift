/// White space (the Unicode property White_Space) on UTF-8 bytes.
enum WhiteSpace {
    /// The length of the white space scalar at `position`, nil where there is none. `bytes` must be valid UTF-8.
    static func length(in bytes: [UInt8], at position: Int) -> Int? {
        let byte = bytes[position]
        if byte < 0x80 { return byte == 0x20 || (0x09...0x0D).contains(byte) ? 1 : nil }
        switch byte {
        case 0xC2: return [0x85, 0xA0].contains(bytes[position + 1]) ? 2 : nil
        case 0xE1: return bytes[position + 1] == 0x9A && bytes[position + 2] == 0x80 ? 3 : nil
        case 0xE2: return isGeneralPunctuationSpace(bytes[position + 1], bytes[position + 2]) ? 3 : nil
        case 0xE3: return bytes[position + 1] == 0x80 && bytes[position + 2] == 0x80 ? 3 : nil
        default: return nil
        }
    }

    /// U+2000-200A, U+2028, U+2029, U+202F and U+205F.
    private static func isGeneralPunctuationSpace(_ second: UInt8, _ third: UInt8) -> Bool {
        second == 0x80 ? (0x80...0x8A).contains(third) || [0xA8, 0xA9, 0xAF].contains(third) : second == 0x81 && third == 0x9F
    }

    /// `range` without the white space at both ends; empty (at its lower end) where there is nothing else.
    static func trim(_ range: Range<Int>, in bytes: [UInt8]) -> Range<Int> {
        var start = range.lowerBound
        while start < range.upperBound, let length = length(in: bytes, at: start) { start += length }
        guard start < range.upperBound else { return range.lowerBound..<range.lowerBound }
        var end = range.upperBound
        while true {
            var previous = end - 1
            while bytes[previous] & 0xC0 == 0x80 { previous -= 1 }
            guard length(in: bytes, at: previous) != nil else { return start..<end }
            end = previous
        }
    }
}
