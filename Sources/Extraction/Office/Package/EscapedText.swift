/// Characters that XML cannot hold, written as `_x000D_` (ST_Xstring, ECMA-376 part 1, 22.9.2.19).
enum EscapedText {
    /// `text` with its escapes replaced. Takes time in proportion to the text.
    static func decoded(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "_")) else { return text }
        var result = ""
        var rest = Substring(text)
        while let mark = rest.firstRange(of: "_x") {
            result += rest[..<mark.lowerBound]
            let code = rest[mark.upperBound...].prefix(4)
            let end = code.endIndex
            if code.count == 4, rest[end...].first == "_", let value = UInt32(code, radix: 16), let scalar = Unicode.Scalar(value) {
                result.unicodeScalars.append(scalar == "\u{B}" ? "\n" : scalar)
                rest = rest[rest.index(after: end)...]
            } else {
                result += "_x"
                rest = rest[mark.upperBound...]
            }
        }
        return result + rest
    }
}
