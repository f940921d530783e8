/// How the bytes of a text stand for characters.
enum TextEncoding: Sendable, Hashable {
    case utf8
    case utf16(isBigEndian: Bool)
    case utf32(isBigEndian: Bool)
    /// An encoding of before Unicode, by the name ICU has for its converter.
    case legacy(String)

    /// What people call it.
    var name: String {
        switch self {
        case .utf8: "UTF-8"
        case .utf16(let isBigEndian): isBigEndian ? "UTF-16BE" : "UTF-16LE"
        case .utf32(let isBigEndian): isBigEndian ? "UTF-32BE" : "UTF-32LE"
        case .legacy(let name): name
        }
    }
}

/// The mark with which a Unicode text may say how it is encoded.
struct ByteOrderMark: Equatable {
    let encoding: TextEncoding
    /// How many bytes the mark takes.
    let length: Int

    /// The mark that `bytes` begin with, nil for none.
    init?(_ bytes: [UInt8]) {
        // Whole units of four bytes: otherwise it is UTF-16 that begins with U+0000.
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]), bytes.count.isMultiple(of: 4) {
            self.init(.utf32(isBigEndian: false), 4)
        } else if bytes.starts(with: [0, 0, 0xFE, 0xFF]) {
            self.init(.utf32(isBigEndian: true), 4)
        } else if bytes.starts(with: [0xFF, 0xFE]) {
            self.init(.utf16(isBigEndian: false), 2)
        } else if bytes.starts(with: [0xFE, 0xFF]) {
            self.init(.utf16(isBigEndian: true), 2)
        } else if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            self.init(.utf8, 3)
        } else {
            return nil
        }
    }

    private init(_ encoding: TextEncoding, _ length: Int) {
        self.encoding = encoding
        self.length = length
    }
}
