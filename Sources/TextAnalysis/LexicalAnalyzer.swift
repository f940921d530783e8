/// One occurrence of a term in a text.
public struct LexicalTerm {
    /// What is known of a term without looking at other texts.
    public enum Kind: Sendable, Hashable {
        /// A word of an alphabetic script; English inflection is taken off.
        case word
        /// An English content word that most texts have ("time", "first").
        case commonWord
        /// An English function word ("the", "what").
        case functionWord
        /// Two neighbouring characters of a Hangul, Katakana, Han or unspaced run, or the only one of a run.
        case characterPair
        /// A Hangul pair that reaches into a particle or ending, or lies in a common word.
        case particlePair
        /// Two neighbouring Hiragana, or a single one: mostly grammar.
        case hiraganaPair
    }

    /// Its kind; equal terms may occur with different kinds.
    public let kind: Kind
    /// Its UTF-8 bytes in search form; they are its identity. Valid only until the call that lent the term returns.
    public let utf8: UnsafeBufferPointer<UInt8>
}

/// Divides text of any language into the terms by which it is searched.
///
/// Scripts with spaces give words; Hangul, Kana, Han and the unspaced scripts of South-East Asia give overlapping pairs of characters,
/// which find every word of two or more characters without a dictionary. Longer sequences were measured and found no help.
public struct LexicalAnalyzer: Sendable {
    /// An analyzer; it holds no state and costs nothing.
    public init() {}

    /// Calls `body` with each term of `text` in order of appearance. The text is brought into search form first, so that case, width and
    /// compatibility forms do not matter. Takes time linear in the text.
    public func forEachTerm(in text: String, _ body: (LexicalTerm) -> Void) {
        var searchForm = TextNormalizer.searchForm(text)
        searchForm.withUTF8 { bytes in
            var scanner = TermScanner(bytes)
            while scanner.nextRun(body) {}
        }
    }
}

/// Cuts UTF-8 bytes in search form into runs of one script, and those into terms.
private struct TermScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    /// Where the scalars of the present run start, and its end.
    private var offsets: [Int] = []
    private var stemmer = EnglishStemmer()
    private let words = WordLists.shared

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// Handles the next run of one script; false at the end of the text.
    mutating func nextRun(_ body: (LexicalTerm) -> Void) -> Bool {
        guard position < bytes.count else { return false }
        let (first, _) = scalar(at: position)
        let script = Script(first)
        offsets.removeAll(keepingCapacity: true)
        while position < bytes.count {
            let (value, length) = scalar(at: position)
            guard Script(value) == script else { break }
            offsets.append(position)
            position += length
        }
        offsets.append(position)
        switch script {
        case .separator: break
        case .alphabetic: word(body)
        case .hangul: hangul(body)
        case .hiragana: pairs(.hiraganaPair, body)
        case .katakana, .han, .unspaced: pairs(.characterPair, body)
        }
        return true
    }

    private mutating func word(_ body: (LexicalTerm) -> Void) {
        let surface = UnsafeBufferPointer(rebasing: bytes[offsets[0]..<position])
        if words.isFunctionWord(surface) { return body(LexicalTerm(kind: .functionWord, utf8: surface)) }
        stemmer.stem(surface)
        stemmer.word.withUnsafeBufferPointer { stem in
            body(LexicalTerm(kind: words.isCommonStem(stem) ? .commonWord : .word, utf8: stem))
        }
    }

    private func hangul(_ body: (LexicalTerm) -> Void) {
        let syllables = offsets.count - 1
        let run = UnsafeBufferPointer(rebasing: bytes[offsets[0]..<position])
        let stemSyllables = words.koreanStemLength(run) / 3
        let stem = UnsafeBufferPointer(rebasing: run[..<(stemSyllables * 3)])
        let isCommon = words.isCommonKorean(run) || words.isCommonKorean(stem)
        if syllables == 1 { return body(LexicalTerm(kind: .particlePair, utf8: run)) }
        for index in 0..<(syllables - 1) {
            let pair = UnsafeBufferPointer(rebasing: bytes[offsets[index]..<offsets[index + 2]])
            body(LexicalTerm(kind: isCommon || index + 2 > stemSyllables ? .particlePair : .characterPair, utf8: pair))
        }
    }

    private func pairs(_ kind: LexicalTerm.Kind, _ body: (LexicalTerm) -> Void) {
        let characters = offsets.count - 1
        for index in 0..<max(1, characters - 1) {
            let pair = UnsafeBufferPointer(rebasing: bytes[offsets[index]..<offsets[min(index + 2, characters)]])
            body(LexicalTerm(kind: kind, utf8: pair))
        }
    }

    /// The scalar at `index` and its number of bytes; the bytes come from a String, so they are valid UTF-8.
    private func scalar(at index: Int) -> (value: UInt32, length: Int) {
        let lead = bytes[index]
        if lead < 0x80 { return (UInt32(lead), 1) }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var value = UInt32(lead) & (0x7F >> UInt32(length))
        for offset in 1..<length { value = value << 6 | UInt32(bytes[index + offset] & 0x3F) }
        return (value, length)
    }
}
