/// Takes inflection off English words: plurals, -ing, -ed, -ly and a final e or y.
///
/// Light on purpose: derived words ("nation", "national") stay apart. The outcome need not be a word; it is equal for the forms of one.
struct EnglishStemmer {
    /// The word, changed in place.
    private(set) var word: [UInt8] = []

    /// Makes `word` the stem of `bytes`; words of up to 3 letters and those with other characters than a...z stay as they are.
    mutating func stem(_ bytes: UnsafeBufferPointer<UInt8>) {
        word.removeAll(keepingCapacity: true)
        word.append(contentsOf: bytes)
        guard word.count > 3, word.allSatisfy({ $0 &- 0x61 < 26 }) else { return }
        dropPlural()
        dropSuffix()
        dropFinalVowel()
    }

    private mutating func dropPlural() {
        if ends(with: "sses") {
            word.removeLast(2)
        } else if ends(with: "ies"), word.count > 4 {
            word.removeLast(3)
            word.append(UInt8(ascii: "y"))
        } else if ends(with: "s"), !ends(with: "ss"), !ends(with: "us"), !ends(with: "is") {
            word.removeLast()
        }
    }

    private mutating func dropSuffix() {
        if drop("ing") || drop("edly") || drop("ed") || drop("ly") { undouble() }
    }

    /// Takes a suffix off that leaves three letters and a vowel.
    private mutating func drop(_ suffix: StaticString) -> Bool {
        let rest = word.count - suffix.utf8CodeUnitCount
        guard ends(with: suffix), rest >= 3, word[..<rest].contains(where: Self.isVowel) else { return false }
        word.removeLast(suffix.utf8CodeUnitCount)
        return true
    }

    /// "stopp" becomes "stop"; "fall", "miss" and "buzz" stay.
    private mutating func undouble() {
        guard word.count > 3, let last = word.last, last == word[word.count - 2] else { return }
        if last != UInt8(ascii: "l"), last != UInt8(ascii: "s"), last != UInt8(ascii: "z") { word.removeLast() }
    }

    private mutating func dropFinalVowel() {
        if word.count >= 4, ends(with: "e") || ends(with: "y") { word.removeLast() }
        if word.count > 3, ends(with: "i") { word.removeLast() }
    }

    private func ends(with suffix: StaticString) -> Bool {
        let start = word.count - suffix.utf8CodeUnitCount
        guard start >= 0 else { return false }
        return suffix.withUTF8Buffer { letters in
            for index in letters.indices where word[start + index] != letters[index] { return false }
            return true
        }
    }

    private static func isVowel(_ letter: UInt8) -> Bool {
        switch letter {
        case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"), UInt8(ascii: "y"): true
        default: false
        }
    }
}
