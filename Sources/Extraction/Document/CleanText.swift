import TextAnalysis

/// The form that text has in every document (see ``DocumentBuilder``).
enum CleanText {
    /// `source` in Unicode NFC, with line ends `\n`, without control characters, without white space at the ends of lines or around
    /// it, with no more than one blank line in a row.
    static func of(_ source: String) -> String {
        if isPrintableASCII(source) { return trimmed(source) }
        let visible = TextNormalizer.nfc(String(String.UnicodeScalarView(source.unicodeScalars.lazy.filter(isKept))))
        var lines: [Substring.UnicodeScalarView] = []
        for line in visible.unicodeScalars.split(omittingEmptySubsequences: false, whereSeparator: isLineEnd) {
            let line = withoutTrailingSpace(line)
            if line.isEmpty, lines.last?.isEmpty != false { continue }
            lines.append(line)
        }
        if lines.last?.isEmpty == true { lines.removeLast() }
        let joined = lines.map(String.init).joined(separator: "\n")
        return String(joined.unicodeScalars.drop { $0.properties.isWhitespace })
    }

    /// The same on one line, each run of white space as one space.
    static func line(_ source: String) -> String {
        if isPrintableASCII(source), !hasDoubleSpace(source) { return trimmed(source) }
        return of(source).unicodeScalars.split { $0.properties.isWhitespace }.map(String.init).joined(separator: " ")
    }

    // MARK: - Most text

    private static func isPrintableASCII(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }

    private static func hasDoubleSpace(_ text: String) -> Bool {
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte == 0x20, previous == 0x20 { return true }
            previous = byte
        }
        return false
    }

    private static func trimmed(_ text: String) -> String {
        guard text.utf8.first == 0x20 || text.utf8.last == 0x20 else { return text }
        var rest = text.utf8.drop { $0 == 0x20 }
        while rest.last == 0x20 { rest.removeLast() }
        return String(Substring(rest))
    }

    // MARK: - Any text

    private static func withoutTrailingSpace(_ line: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
        var line = line
        while line.last?.properties.isWhitespace == true { line.removeLast() }
        return line
    }

    private static func isLineEnd(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\n" || scalar == "\r" || scalar.value == 0x2028 || scalar.value == 0x2029
    }

    /// Control characters, private marks of layout and broken scalars have no place in a passage; a soft hyphen is only a proposal.
    private static func isKept(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x2028, 0x2029: true
        case 0..<0x20, 0x7F..<0xA0, 0xAD, 0xFEFF, 0xFFFC...0xFFFF: false
        default: true
        }
    }
}
