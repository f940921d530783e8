import TextAnalysis

/// The text of a word as poppler prints it, in the form it is kept.
enum WordText {
    /// The text with ligatures and other presentation forms resolved, nil for what only leads the eye (a row of dots or a rule).
    static func kept(_ source: String) -> String? {
        if isLeader(source) { return nil }
        guard source.utf8.contains(where: { $0 >= 0xE2 }), source.unicodeScalars.contains(where: isPresentationForm) else { return source }
        return source.unicodeScalars.reduce(into: "") { text, scalar in
            if isPresentationForm(scalar) {
                text += TextNormalizer.searchForm(String(scalar))
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Whether the word is a number as tables have them: digits and the marks around them, or a dash for nothing.
    static func isNumber(_ text: String) -> Bool {
        var digits = false
        var others = 0
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: digits = true
            case 0x41...0x5A, 0x61...0x7A, 0xC3...0xE1, 0xE3...0xFF: return false
            default: others += 1
            }
        }
        return digits || (others <= 3 && isDash(text))
    }

    static func isDash(_ text: String) -> Bool {
        text == "-" || text == "–" || text == "—" || text == "−"
    }

    /// Letters of right-to-left scripts.
    static func isRightToLeft(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0590...0x08FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFC, 0x10800...0x10FFF, 0x1E800...0x1EFFF:
            scalar.properties.isAlphabetic
        default: false
        }
    }

    /// Scripts that set no space between words: Han and kana with their punctuation and full-width forms. Not hangul.
    static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3000...0x30FF, 0x31F0...0x31FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0xFF00...0xFFEF, 0x20000...0x3FFFD: true
        default: false
        }
    }

    /// Three or more of the marks that lead from an entry to its page number, or make a line to write on.
    private static func isLeader(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, "._·…‥-".unicodeScalars.contains(first) else { return false }
        return text.utf8.count >= 3 && text != "…" && text.unicodeScalars.allSatisfy { $0 == first }
    }

    /// Shapes of letters that have code points of their own only for old encodings. Others that NFKC folds (full-width letters,
    /// circled and raised digits) carry meaning and stay.
    private static func isPresentationForm(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xFB00...0xFB06, 0xFB13...0xFB17, 0xFB1D...0xFDFB, 0xFE70...0xFEFC, 0x2E80...0x2FD5: true
        default: false
        }
    }
}
