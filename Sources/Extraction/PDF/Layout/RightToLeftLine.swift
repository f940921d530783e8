/// Puts lines of Hebrew, Arabic and other right-to-left scripts in the order in which they are read: poppler's boxes hold words and
/// letters in the order of their places.
enum RightToLeftLine {
    /// The words in reading order; unchanged without right-to-left letters.
    static func logical(_ words: [PageWord]) -> [PageWord] {
        guard words.contains(where: { isCandidate($0.text) && isRightToLeft($0.text) }) else { return words }
        let letters = words.reduce(into: 0) { sum, word in sum += weight(word.text) }
        var ordered: [PageWord] = []
        for run in runs(of: words) {
            let isTurned = isRightToLeft(run.first?.text ?? "")
            let own = isTurned ? run.reversed().map { PageWord(text: reversed($0.text), box: $0.box) } : Array(run)
            ordered = letters > 0 ? own + ordered : ordered + own
        }
        return ordered
    }

    /// The first bytes of the scripts, so that other text is not looked at scalar by scalar.
    private static func isCandidate(_ text: String) -> Bool {
        text.utf8.contains { (0xD6...0xE0).contains($0) || $0 >= 0xEF }
    }

    private static func isRightToLeft(_ text: String) -> Bool {
        text.unicodeScalars.contains(where: WordText.isRightToLeft)
    }

    /// Right-to-left letters count for, others against.
    private static func weight(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + (WordText.isRightToLeft($1) ? 1 : $1.properties.isAlphabetic ? -1 : 0) }
    }

    /// Neighbours of one direction.
    private static func runs(of words: [PageWord]) -> [ArraySlice<PageWord>] {
        var runs: [ArraySlice<PageWord>] = []
        for index in words.indices {
            if let last = runs.last, isRightToLeft(last.first?.text ?? "") == isRightToLeft(words[index].text) {
                runs[runs.count - 1] = words[last.startIndex...index]
            } else {
                runs.append(words[index...index])
            }
        }
        return runs
    }

    /// The word from right to left; numbers in it keep their order, brackets open the other way.
    private static func reversed(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        var digits: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars.reversed() {
            if scalar.properties.numericType != nil {
                digits.append(scalar)
            } else {
                scalars.append(contentsOf: digits.reversed())
                digits = []
                scalars.append(mirrored(scalar))
            }
        }
        scalars.append(contentsOf: digits.reversed())
        return String(scalars)
    }

    private static func mirrored(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "(": ")"
        case ")": "("
        case "[": "]"
        case "]": "["
        case "«": "»"
        case "»": "«"
        default: scalar
        }
    }
}
