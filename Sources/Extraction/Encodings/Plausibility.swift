/// How much decoded characters read like text that somebody wrote. Bytes taken for the wrong encoding give rare characters, symbols
/// inside words, capitals after small letters and letters of several scripts in one word.
///
/// The worths are judgements, tried on words, sentences and paragraphs in some twenty languages; only their order matters.
struct Plausibility {
    private let scalar: Unicode.Scalar
    private let previous: Unicode.Scalar
    private let next: Unicode.Scalar

    /// The mean worth of all characters beyond ASCII, from -3 (certainly no text) to 1; 1 for text that has none.
    static func score(_ scalars: [Unicode.Scalar]) -> Double {
        var (sum, count) = (0.0, 0)
        for (index, scalar) in scalars.enumerated() {
            if scalar.isASCII {
                guard isStrayControl(scalar) else { continue }
                sum -= 1
            } else {
                let previous = index > 0 ? scalars[index - 1] : " "
                let next = index + 1 < scalars.count ? scalars[index + 1] : " "
                sum += Plausibility(scalar: scalar, previous: previous, next: next).worth
            }
            count += 1
        }
        return count == 0 ? 1 : sum / Double(count)
    }

    private static func isStrayControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x09 || (0x0E..<0x20).contains(scalar.value) || scalar.value == 0x7F
    }

    private var worth: Double {
        switch scalar.value {
        case 0x80..<0xA0, 0xE000..<0xF900, 0xFFFD..<0x10000, 0xF0000...: -3
        case 0xA0..<0xC0, 0xD7, 0xF7, 0x2000..<0x2700: symbol
        case 0xC0..<0x250: latin
        case 0x370..<0x530: cased
        case 0x590..<0x600: letter(isWellPlaced: !CommonCharacters.hebrewFinals.contains(scalar) || !isNeighbour(next))
        case 0x600..<0x700: letter(isWellPlaced: true)
        case 0xE00..<0xE80: letter(isWellPlaced: isWellPlacedThai)
        case 0x3041..<0x3097, 0x30A1..<0x30FD: 1
        case 0x3000..<0x3016, 0xFF01..<0xFF5F: 0.7
        case 0xFF61..<0xFFA0: 0.25
        case 0xAC00..<0xD7A4: CommonCharacters.hangul.contains(scalar) ? 1 : betweenLetters(0.3)
        case 0x4E00..<0xA000: CommonCharacters.han.contains(scalar) ? 0.9 : betweenLetters(0.3)
        case 0x3400..<0x4E00, 0x20000..<0x32000: -0.5
        default: scalar.properties.generalCategory == .unassigned ? -3 : 0
        }
    }

    // MARK: - Scripts

    /// A letter with a mark stands among letters without; many in a row are letters of another script.
    private var latin: Double {
        let neighbours = [previous, next]
        if scalar.properties.isUppercase, previous.properties.isLowercase { return -0.6 }
        if neighbours.contains(where: { $0.value >= 0x370 && $0.properties.isAlphabetic }) { return -1 }
        let plain = neighbours.count(where: Self.isPlainLetter)
        let marked = neighbours.count { !$0.isASCII && $0.properties.isAlphabetic }
        let isCommon = CommonCharacters.latin.contains(scalar)
        if plain == 2 || (plain == 1 && marked == 0) { return isCommon ? 0.9 : 0.6 }
        if plain == 1 { return isCommon ? 0.6 : 0.4 }
        return isCommon || marked == 0 ? 0.3 : -0.4
    }

    /// Greek and Cyrillic.
    private var cased: Double {
        if scalar.properties.isUppercase, previous.properties.isLowercase { return -0.8 }
        if Self.isPlainLetter(previous) || Self.isPlainLetter(next) { return -2 }
        guard isNeighbour(previous) || isNeighbour(next) else { return 0.2 }
        if CommonCharacters.greekAndCyrillic.contains(scalar) { return 0.95 }
        return scalar.properties.isUppercase ? 0.5 : 0.3
    }

    private func letter(isWellPlaced: Bool) -> Double {
        if Self.isPlainLetter(previous) || Self.isPlainLetter(next) { return -2 }
        guard isWellPlaced else { return -1 }
        return isNeighbour(previous) || isNeighbour(next) ? 0.8 : 0.2
    }

    /// Vowels written before their consonant and signs written after it.
    private var isWellPlacedThai: Bool {
        let consonants: ClosedRange<UInt32> = 0xE01...0xE2E
        switch scalar.value {
        case 0xE40...0xE44: return consonants.contains(next.value)
        case 0xE30...0xE3A: return consonants.contains(previous.value) || (0xE47...0xE4D).contains(previous.value)
        case 0xE50...0xE5B: return !isNeighbour(previous) || (0xE50...0xE5B).contains(previous.value)
        default: return true
        }
    }

    private var symbol: Double {
        let isAfterLetter = previous.properties.isAlphabetic
        if isAfterLetter, next.properties.isAlphabetic, !CommonCharacters.wordPunctuation.contains(scalar) { return -0.5 }
        if isAfterLetter, "¹¾¼½¿¡¶±".unicodeScalars.contains(scalar) { return 0 }
        return CommonCharacters.symbols.contains(scalar) ? 0.6 : -0.3
    }

    // MARK: - Neighbours

    /// The worth of a rare character that nothing else speaks for; less where Latin letters stand on both sides.
    private func betweenLetters(_ worth: Double) -> Double {
        Self.isPlainLetter(previous) && Self.isPlainLetter(next) ? -1 : worth
    }

    private static func isPlainLetter(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && scalar.properties.isAlphabetic
    }

    /// Whether `other` is in the same block of 256, roughly: of the same script.
    private func isNeighbour(_ other: Unicode.Scalar) -> Bool {
        other.value >> 8 == scalar.value >> 8
    }
}
