/// A place where UAX #29 would end a sentence, looked at with what a reader knows besides.
struct SentenceEnd {
    private let bytes: [UInt8]
    private let start: Int
    private let end: Int
    /// Where the white space before `end` begins.
    private let coreEnd: Int

    /// The proposed end at byte `end` of the sentence that begins at byte `start`.
    init(of bytes: [UInt8], from start: Int, at end: Int) {
        self.bytes = bytes
        self.start = start
        self.end = end
        var coreEnd = end
        while coreEnd > start, let previous = Self.scalarStart(of: bytes, before: coreEnd, notBefore: start),
            LineBreaks.whiteSpaceLength(of: bytes[..<coreEnd], at: previous) != nil
        {
            coreEnd = previous
        }
        self.coreEnd = coreEnd
    }

    /// Whether the sentence really ends here.
    var isGenuine: Bool {
        if end == bytes.count { return true }
        if coreEnd == start { return start > 0 }
        if endsParagraph { return true }
        if bytes[coreEnd - 1] == UInt8(ascii: ".") { return endsWithFullStop }
        return !quotationIsContinued
    }

    private var endsParagraph: Bool {
        let space = bytes[coreEnd..<end]
        return space.contains(0x0A) || space.contains(0x0D) || space.suffix(3).elementsEqual([0xE2, 0x80, 0xA9])
    }

    // MARK: - Full stops

    private var endsWithFullStop: Bool {
        // Before the word is looked for: in a long name the sentence stays open, and each full stop would read all of it again.
        if coreEnd == end, !isEastAsian(before: coreEnd - 1) { return false }
        let word = lastWord
        if word.startIndex == start, !word.isEmpty, word.allSatisfy({ (0x30...0x39).contains($0) }) { return false }
        guard let abbreviation = Abbreviation(word) else { return true }
        switch abbreviation {
        case .neverFinal: return false
        case .beforeNumber: return !(0x30...0x39).contains(bytes[end])
        case .seldomFinal: return Abbreviation.startsSentence(nextWord)
        }
    }

    /// The letters, digits and inner full stops before the final full stop.
    private var lastWord: ArraySlice<UInt8> {
        var first = coreEnd - 1
        while first > start, Self.isWordByte(bytes[first - 1]) || bytes[first - 1] == UInt8(ascii: ".") { first -= 1 }
        return bytes[first..<(coreEnd - 1)]
    }

    private var nextWord: ArraySlice<UInt8> {
        bytes[end...].prefix { Self.isWordByte($0) }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte >= 0x80
    }

    /// Whether the scalar that ends before `position` is Kana, Han or Hangul, after which a full stop needs no space.
    private func isEastAsian(before position: Int) -> Bool {
        guard let scalar = Self.scalarStart(of: bytes, before: position, notBefore: start) else { return false }
        return position - scalar >= 3 && (0xE3...0xED).contains(bytes[scalar])
    }

    // MARK: - Quotations

    /// Whether a closing bracket is followed by a Japanese particle, or a closing quotation mark by a lower-case letter (`"Why?" she said`).
    private var quotationIsContinued: Bool {
        let isQuotation = [UInt8(ascii: "\""), UInt8(ascii: "'"), 0x9D, 0x99].contains(bytes[coreEnd - 1])
        if coreEnd < end { return isQuotation && (0x61...0x7A).contains(bytes[end]) }
        guard end - start >= 3 else { return false }
        return Self.closingBrackets.contains(Array(bytes[(end - 3)..<end])) && Self.particles.contains(Array(bytes[end...].prefix(3)))
    }

    private static let closingBrackets = Set("」』）】〉》".map { Array(String($0).utf8) })
    private static let particles = Set("とっのはがをにでもなや".map { Array(String($0).utf8) })

    /// The start of the scalar that ends before `position`, nil when `limit` is reached.
    private static func scalarStart(of bytes: [UInt8], before position: Int, notBefore limit: Int) -> Int? {
        var start = position - 1
        while start > limit, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return start >= limit ? start : nil
    }
}
