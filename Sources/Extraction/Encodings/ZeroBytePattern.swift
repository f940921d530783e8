/// Tells UTF-16 and UTF-32 without a byte order mark from binary data, by where zero bytes stand.
enum ZeroBytePattern {
    private static let headLength = 8192

    /// The encoding that the first 8 KiB of `bytes` are certainly in; nil for text without zero bytes and for anything else.
    static func encoding(of bytes: [UInt8]) -> TextEncoding? {
        let head = bytes.prefix(min(headLength, bytes.count & ~1))
        guard head.contains(0) else { return nil }
        for isBigEndian in [false, true] where bytes.count.isMultiple(of: 4) && isUTF32(head, isBigEndian) {
            return .utf32(isBigEndian: isBigEndian)
        }
        let little = units(of: head, isBigEndian: false)
        let big = units(of: head, isBigEndian: true)
        let isBigEndian = asciiCount(big) > asciiCount(little)
        return isText(isBigEndian ? big : little) ? .utf16(isBigEndian: isBigEndian) : nil
    }

    private static func units(of head: ArraySlice<UInt8>, isBigEndian: Bool) -> [UInt16] {
        stride(from: 0, to: head.count - 1, by: 2).map { offset in
            let (first, second) = (UInt16(head[offset]), UInt16(head[offset + 1]))
            return isBigEndian ? first << 8 | second : second << 8 | first
        }
    }

    /// Spaces, line ends and Latin letters: every text has some, and with its bytes swapped it has none.
    private static func asciiCount(_ units: [UInt16]) -> Int {
        units.count { (0x20..<0x7F).contains($0) || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    }

    private static func isText(_ units: [UInt16]) -> Bool {
        let hasControls = units.contains { $0 < 0x09 || (0x0E..<0x20).contains($0) }
        guard !hasControls, asciiCount(units) > 0 else { return false }
        return Plausibility.score(Array(String(decoding: units, as: UTF16.self).unicodeScalars)) > 0.3
    }

    private static func isUTF32(_ head: ArraySlice<UInt8>, _ isBigEndian: Bool) -> Bool {
        stride(from: 0, to: head.count - 3, by: 4).allSatisfy { offset in
            let unit = head[offset..<(offset + 4)]
            let value = (isBigEndian ? Array(unit) : unit.reversed()).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return Unicode.Scalar(value) != nil && (value >= 0x20 || (0x09...0x0D).contains(value))
        }
    }
}
