/// Recognises lines that hold nothing but the number of their page.
enum PageNumber {
    /// "12", "- 12 -", "Page 3 of 10", "3 / 10", "F-12", "xiv", "1／11".
    static func isBare(_ text: String) -> Bool {
        let words = text.lowercased().split { " -–—/／|.()[]·".contains($0) }
        guard (1...4).contains(words.count), text.count <= 20 else { return false }
        var numbers = 0
        for (index, word) in words.enumerated() {
            if isNumber(word) {
                numbers += 1
            } else if !(joints.contains(word) || index == 0 && words.count == 2 && isLetter(word)) {
                return false
            }
        }
        return (1...2).contains(numbers) && !text.contains(",")
    }

    private static let joints: Set<Substring> = ["page", "p", "of", "seite", "von", "页", "頁", "ページ", "쪽", "페이지"]

    private static func isNumber(_ word: Substring) -> Bool {
        if word.count <= 4, word.allSatisfy({ $0.isWholeNumber }) { return true }
        return word.count <= 6 && word.allSatisfy { "ivxl".contains($0) }
    }

    /// The letter of an appendix before its page number.
    private static func isLetter(_ word: Substring) -> Bool {
        word.count == 1 && word.allSatisfy { $0.isASCII && $0.isLetter }
    }
}
