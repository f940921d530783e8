/// What the first characters of a text, and its last one, say about its format.
struct TextBeginning {
    private static let length = 16 << 10
    /// The first 16 KiB without white space in front; a scalar may be broken at the end.
    private let bytes: [UInt8]
    private let isWhole: Bool
    private let lastByte: UInt8?

    /// - Parameter file: not binary.
    init(_ file: [UInt8]) {
        let head = Self.ascii(of: file.prefix(Self.length), of: file)
        bytes = Array(head.drop(while: Self.isSpace))
        isWhole = file.count <= Self.length
        lastByte = Self.ascii(of: file.suffix(256), of: file).last { !Self.isSpace($0) && $0 != 0 }
    }

    /// Whether it begins as web pages do, comments and an XML prolog aside.
    var isWebPage: Bool {
        var rest = bytes[...]
        while true {
            rest = rest.drop(while: Self.isSpace)
            if let end = end(of: rest, from: "<!--", to: "-->") ?? end(of: rest, from: "<?xml", to: "?>") {
                rest = rest[end...]
            } else {
                break
            }
        }
        return ["<!doctype html", "<html", "<head", "<body"].contains { tag in
            let next = rest.dropFirst(tag.utf8.count).first
            return Self.begins(rest, with: tag) && (next == UInt8(ascii: ">") || next.map(Self.isSpace) == true)
        }
    }

    /// Whether it has any element of markup.
    var hasTags: Bool {
        zip(bytes, bytes.dropFirst()).contains { first, second in
            guard first == UInt8(ascii: "<") else { return false }
            return second == UInt8(ascii: "/") || second == UInt8(ascii: "!")
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(second | 0x20)
        }
    }

    /// The type of formats whose content is text too, but whose marks would only disturb when read as prose.
    var unsupportedType: String? {
        if Self.begins(bytes[...], with: "{\\rtf") { return "application/rtf" }
        return Self.begins(bytes[...], with: "%!ps") ? "application/postscript" : nil
    }

    /// What JSON it can be the beginning of, nil for none.
    var jsonShape: JSONShape? {
        JSONShape(beginning: bytes, isWhole: isWhole)
    }

    /// Whether it ends as objects and arrays do.
    var hasJSONEnd: Bool {
        lastByte == UInt8(ascii: "}") || lastByte == UInt8(ascii: "]")
    }

    private func end(of rest: ArraySlice<UInt8>, from opening: String, to closing: String) -> Int? {
        guard Self.begins(rest, with: opening) else { return nil }
        return ByteSearch.firstIndex(of: Array(closing.utf8), in: rest).map { $0 + closing.utf8.count }
    }

    private static func begins(_ bytes: ArraySlice<UInt8>, with word: String) -> Bool {
        let start = bytes.prefix(word.utf8.count)
        return start.count == word.utf8.count
            && zip(start, word.utf8).allSatisfy { byte, letter in
                ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) == letter
            }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }

    /// The bytes of a text in an encoding that includes ASCII; of wider units those bytes that are not zero, and no mark.
    private static func ascii(of part: ArraySlice<UInt8>, of file: [UInt8]) -> ArraySlice<UInt8> {
        let mark = ByteOrderMark(file)
        let encoding = mark?.encoding ?? ZeroBytePattern.encoding(of: file)
        let rest = part.startIndex == 0 ? part.dropFirst(mark?.length ?? 0) : part
        switch encoding {
        case .utf16, .utf32: return rest.filter { $0 != 0 }[...]
        default: return rest
        }
    }
}
