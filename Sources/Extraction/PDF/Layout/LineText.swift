/// Joins words to a line.
enum LineText {
    /// The text of words that stand in lines, each from left to right.
    static func text(of words: [PageWord]) -> String {
        let words = RightToLeftLine.logical(words)
        guard let first = words.first else { return "" }
        var text = first.text
        for (previous, word) in zip(words, words.dropFirst()) {
            if isSpace(between: previous, word) { text += " " }
            text += word.text
        }
        return text
    }

    /// The words without those drawn a second time at the same place, which looks bold or like a shadow. Linear.
    static func drawnOnce(_ words: [PageWord]) -> [PageWord] {
        var kept: [PageWord] = []
        kept.reserveCapacity(words.count)
        for word in words where !kept.suffix(3).contains(where: { isSame($0, word) }) { kept.append(word) }
        return kept
    }

    private static func isSame(_ first: PageWord, _ second: PageWord) -> Bool {
        first.text == second.text && first.box.covered(by: second.box) > 0.6
    }

    /// Poppler parts words where the font changes, too; and between an ideograph and a letter or digit it sees the thin space of
    /// Japanese setting.
    private static func isSpace(between first: PageWord, _ second: PageWord) -> Bool {
        let height = min(first.box.height, second.box.height)
        let gap = max(second.box.left - first.box.right, first.box.left - second.box.right)
        let isNextLine = abs(second.box.centerY - first.box.centerY) > 0.5 * max(first.box.height, second.box.height)
        if isNextLine { return !LineJoin.isWithoutSpace(first.text, second.text) }
        if CellJoin.isCurrency(first.text), WordText.isNumber(second.text) { return false }
        guard let last = first.text.unicodeScalars.last, let next = second.text.unicodeScalars.first else { return true }
        let unspaced = (WordText.isUnspaced(last) ? 1 : 0) + (WordText.isUnspaced(next) ? 1 : 0)
        return gap >= height * (unspaced == 2 ? 0.6 : unspaced == 1 ? 0.4 : 0.1)
    }

    /// Whether a line may end after any letter of the text.
    static func isUnspaced(_ text: String) -> Bool {
        text.unicodeScalars.first.map(WordText.isUnspaced) ?? false
    }
}
