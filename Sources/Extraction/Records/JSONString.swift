/// The escapes of JSON's strings.
enum JSONString {
    static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]

    static func hexDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case 0x30...0x39: UInt16(byte - 0x30)
        case 0x41...0x46: UInt16(byte - 0x37)
        case 0x61...0x66: UInt16(byte - 0x57)
        default: nil
        }
    }

    /// What the inside of a string, without its quotation marks, stands for. Half a surrogate pair becomes U+FFFD.
    static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.contains(UInt8(ascii: "\\")) else { return String(decoding: bytes, as: UTF8.self) }
        var units: [UInt16] = []
        var rest = bytes
        while let backslash = rest.firstIndex(of: UInt8(ascii: "\\")) {
            units.append(contentsOf: String(decoding: rest[..<backslash], as: UTF8.self).utf16)
            rest = rest[(backslash + 1)...]
            let letter = rest.popFirst() ?? 0
            if letter == UInt8(ascii: "u") {
                units.append(rest.prefix(4).reduce(0) { $0 << 4 | (hexDigit($1) ?? 0) })
                rest = rest.dropFirst(4)
            } else {
                units.append(UInt16(escapes[letter] ?? letter))
            }
        }
        units.append(contentsOf: String(decoding: rest, as: UTF8.self).utf16)
        return String(decoding: units, as: UTF16.self)
    }
}
