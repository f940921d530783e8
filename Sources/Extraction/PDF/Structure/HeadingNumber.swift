/// Reads the numbers of titles.
enum HeadingNumber {
    /// How deep a numbered title stands: parts 1, chapters and items 2, sections and "1." 2, "1.1" 3; nil without such a number.
    static func depth(of title: String) -> Int? {
        PlainTextHeading.numberedLevel(title) ?? reportDepth(of: title)
    }

    /// "1 Introduction": a number without a dot before a capital, which a line of a list may have as well.
    static func isChapter(_ title: String) -> Bool {
        let words = title.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].count <= 2, words[1].first?.isUppercase == true else { return false }
        return words[0].allSatisfy { $0.isASCII && $0.isNumber }
    }

    /// "Item 7. Management's discussion", "Note 3 — Inventories", "Appendix A: Terms".
    private static func reportDepth(of title: String) -> Int? {
        let words = title.split(separator: " ", maxSplits: 2)
        guard words.count == 3, let last = words[1].last, let next = words[2].first(where: { $0.isLetter || $0.isNumber }) else {
            return nil
        }
        let number = words[1].prefix { $0.isNumber || $0.isUppercase }
        guard !number.isEmpty, number.count <= 4, next.isUppercase else { return nil }
        let isMarked = ".:—–-".contains(last) || ["—", "–", "-"].contains(words[2].prefix(1))
        switch words[0].lowercased() {
        case "item": return isMarked ? 2 : nil
        case "note": return isMarked ? 3 : nil
        case "appendix", "annex", "schedule": return 2
        default: return nil
        }
    }
}
