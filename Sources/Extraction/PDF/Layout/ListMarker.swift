/// The marks and numbers before items of lists.
enum ListMarker {
    /// How sure a mark is.
    enum Strength {
        /// A bullet, which stands nowhere else.
        case bullet
        /// A number or letter, or a dash, which a line may also begin with by chance.
        case number
    }

    private static let bullets: Set<Unicode.Scalar> = [
        "•", "◦", "‣", "▪", "▫", "●", "○", "■", "□", "◆", "◇", "▶", "►", "➢", "➤", "✓", "✔", "❖", "⁃", "※",
    ]

    /// The mark a text begins with and that a space follows.
    static func strength(of text: String) -> Strength? {
        guard let first = text.unicodeScalars.first else { return nil }
        let mark = text.prefix { $0 != " " }
        guard mark.endIndex != text.endIndex else { return nil }
        if isBullet(first), mark.unicodeScalars.count == 1 { return .bullet }
        if isBareNumber(mark), text[mark.endIndex...].dropFirst().unicodeScalars.first.map(WordText.isUnspaced) == true { return .number }
        return isNumber(mark) || ["-", "–", "—", "*", "·", "∙"].contains(mark) ? .number : nil
    }

    /// Whether a word is nothing but such a mark.
    static func isMarker(_ word: String) -> Bool {
        word.utf8.count <= 12
            && (isNumber(word[...]) || word == "*" || word.unicodeScalars.count == 1 && word.unicodeScalars.allSatisfy(isBullet))
    }

    /// Symbol fonts without meaning for their characters, such as Wingdings, come as private use characters.
    static func isBullet(_ scalar: Unicode.Scalar) -> Bool {
        bullets.contains(scalar) || (0xF000...0xF0FF).contains(scalar.value)
    }

    /// The text with a bullet in place of a mark from a symbol font.
    static func readable(_ text: String) -> String {
        guard let first = text.unicodeScalars.first, (0xF000...0xF0FF).contains(first.value) else { return text }
        return "•" + text.dropFirst()
    }

    /// "1.2", "Item 7.", "Note 3", "Section 2.1", "第3条" and the like, which stand before a title.
    static func isSectionNumber(_ text: String) -> Bool {
        guard text.utf8.count <= 24 else { return false }
        let words = text.split(separator: " ")
        guard let last = words.last, words.count <= 2 else { return false }
        if words.count == 1 { return isDotted(last) || isEastAsianNumber(last) }
        return ["item", "note", "section", "article", "chapter", "part", "appendix", "exhibit", "schedule", "annex"]
            .contains(words[0].lowercased()) && isOrdinal(last)
    }

    /// "1.", "1)", "(1)", "a)", "(iv)", "①".
    private static func isNumber(_ mark: Substring) -> Bool {
        guard mark.utf8.count <= 12, let last = mark.last else { return false }
        if mark.count == 1 { return "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳".contains(last) }
        guard ".)）．".contains(last) else { return false }
        var core = mark.dropLast()
        if let first = core.first, "(（".contains(first) {
            guard last != "." else { return false }
            core = core.dropFirst()
        }
        return isShortNumber(core)
    }

    /// East Asian lists number their items without a dot.
    private static func isBareNumber(_ mark: Substring) -> Bool {
        mark.count <= 2 && mark.allSatisfy(\.isWholeNumber)
    }

    private static func isShortNumber(_ core: Substring) -> Bool {
        guard !core.isEmpty, core.count <= 4 else { return false }
        if core.allSatisfy(\.isWholeNumber) { return core.count <= 2 }
        return core.count == 1 && core.allSatisfy(\.isLetter) || core.allSatisfy { "ivxIVX".contains($0) }
    }

    /// "1.2", "3.4.1.", "A.1".
    private static func isDotted(_ word: Substring) -> Bool {
        let parts = word.split(separator: ".")
        return parts.count >= 2 && word.utf8.count <= 12
            && parts.allSatisfy { $0.count <= 2 && $0.allSatisfy { $0.isASCII && $0.isNumber } }
    }

    private static func isOrdinal(_ word: Substring) -> Bool {
        let core = word.drop { !$0.isLetter && !$0.isNumber }.prefix { $0.isLetter || $0.isNumber || $0 == "." }
        return !core.isEmpty && core.count <= 6 && (core.contains(where: \.isNumber) || core.allSatisfy { "IVXLABC.".contains($0) })
    }

    private static func isEastAsianNumber(_ word: Substring) -> Bool {
        guard let first = word.first, let last = word.last, word.count <= 8 else { return false }
        return "第제".contains(first) && "条條章節編款項조장절편".contains(last)
    }
}
