/// Joins the lines of a paragraph.
struct LineJoin {
    /// The words of the document in lower case, also the parts of those with a hyphen. They tell whether a hyphen at the end of a line
    /// belongs to its word.
    private var words: Set<String> = []

    /// Notes a word of the document.
    mutating func learn(_ word: String) {
        guard word.utf8.count >= 3, word.utf8.contains(where: { $0 >= 0x41 }) else { return }
        let bare = Self.bare(word[...])
        words.insert(bare)
        if bare.utf8.contains(UInt8(ascii: "-")) { for part in bare.split(separator: "-") { words.insert(String(part)) } }
    }

    func joined(_ lines: some Sequence<String>) -> String {
        lines.reduce(into: "") { append($1, to: &$0) }
    }

    /// Appends a line: without the hyphen that parted a word, without a space between ideographs, else with a space.
    func append(_ line: String, to text: inout String) {
        if text.isEmpty || line.isEmpty {
            text += line
        } else if let hyphen = Self.hyphen(of: text, before: line) {
            if hyphen == "\u{AD}" || !keepsHyphen(text, line) { text.removeLast() }
            text += line
        } else {
            text += (Self.isWithoutSpace(text, line) ? "" : " ") + line
        }
    }

    static func isWithoutSpace(_ text: String, _ line: String) -> Bool {
        guard let last = text.unicodeScalars.last, let next = line.unicodeScalars.first else { return true }
        return WordText.isUnspaced(last) || WordText.isUnspaced(next)
    }

    /// The hyphen at the end of a line that goes on with a small letter, so that the word is likely one.
    private static func hyphen(of text: String, before line: String) -> Character? {
        guard let hyphen = text.last, "-\u{2010}\u{AD}".contains(hyphen), text.dropLast().last?.isLetter == true else { return nil }
        return line.first?.isLowercase == true ? hyphen : nil
    }

    /// The document's own words decide; where they do not, two words of their own keep the hyphen between them.
    private func keepsHyphen(_ text: String, _ line: String) -> Bool {
        let first = Self.bare(text.suffix(from: text.lastIndex(of: " ") ?? text.startIndex))
        let second = Self.bare(line.prefix { $0 != " " })
        if words.contains(first + second) { return false }
        if words.contains(first + "-" + second) { return true }
        return [first, second].allSatisfy { $0.count >= 3 && words.contains($0) }
    }

    /// A word in lower case without the marks around it.
    private static func bare(_ word: Substring) -> String {
        let letters = word.drop { !$0.isLetter && !$0.isNumber }
        let end = letters.lastIndex { $0.isLetter || $0.isNumber }
        return end.map { letters[...$0].lowercased() } ?? ""
    }
}
