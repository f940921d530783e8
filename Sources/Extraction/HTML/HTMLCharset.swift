/// What a page says its encoding is: in a meta element among its first 1,024 bytes, or in an XML prolog.
enum HTMLCharset {
    /// The encoding, by the name of ICU's converter; nil for none, an unknown one and the Unicode ones, which the bytes themselves show.
    static func declared(in bytes: [UInt8]) -> TextEncoding? {
        let head = String(decoding: bytes.prefix(1024).map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }, as: UTF8.self).lowercased()
        let label = metaLabel(in: head) ?? prologLabel(in: head)
        return label.flatMap(encoding)
    }

    /// `<meta charset=x>` and `<meta http-equiv=content-type content="text/html; charset=x">` both have it after "charset=".
    private static func metaLabel(in head: String) -> String? {
        var rest = head[...]
        while let meta = rest.firstRange(of: "<meta") {
            rest = rest[meta.upperBound...]
            let tag = rest.prefix { $0 != ">" }
            if let charset = tag.firstRange(of: "charset") { return value(after: tag[charset.upperBound...]) }
        }
        return nil
    }

    private static func prologLabel(in head: String) -> String? {
        guard head.hasPrefix("<?xml") else { return nil }
        let prolog = head.prefix { $0 != ">" }
        return prolog.firstRange(of: "encoding").flatMap { value(after: prolog[$0.upperBound...]) }
    }

    private static func value(after rest: Substring) -> String? {
        let equals = rest.drop(while: \.isWhitespace)
        guard equals.first == "=" else { return nil }
        let value = equals.dropFirst().drop { $0.isWhitespace || $0 == "\"" || $0 == "'" }
        let label = value.prefix { $0.isLetter || $0.isNumber || "-_:.".contains($0) }
        return label.isEmpty ? nil : String(label)
    }

    private static func encoding(_ label: String) -> TextEncoding? {
        guard !label.hasPrefix("utf") && !label.hasPrefix("unicode") else { return nil }
        let name = supersets[label] ?? label
        return CharacterConverter.knows(name) ? .legacy(name) : nil
    }

    /// Browsers read these as the larger sets that pages in fact use (WHATWG Encoding Standard, section 4.2).
    private static let supersets = [
        "iso-8859-1": "windows-1252", "iso8859-1": "windows-1252", "latin1": "windows-1252", "latin-1": "windows-1252",
        "us-ascii": "windows-1252", "ascii": "windows-1252", "iso-8859-9": "windows-1254", "iso-8859-11": "windows-874",
        "tis-620": "windows-874", "euc-kr": "windows-949", "ks_c_5601-1987": "windows-949", "korean": "windows-949",
        "gb2312": "GB18030", "gbk": "GB18030", "x-gbk": "GB18030", "big5": "Big5-HKSCS", "shift-jis": "Shift_JIS", "sjis": "Shift_JIS",
        "cp932": "Shift_JIS", "koi8-r": "KOI8-U",
    ]
}
