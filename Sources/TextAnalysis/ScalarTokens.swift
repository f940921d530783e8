/// What scalars of the three-byte range of UTF-8 cost, in hundredths of a token.
enum ScalarTokens {
    /// The cost of the scalar `value`, which lies in U+0800...U+FFFF.
    static func hundredths(_ value: UInt32) -> Int {
        switch value {
        case 0xAC00...0xD7A3: hangul(value - 0xAC00)
        case 0x3041...0x309F: isCommonHiragana(value) ? 89 : 135
        case 0x30A0...0x30FF: 106
        case 0x3400...0x6FFF: 149
        case 0x7000...0x9FFF: 168
        // 、 。 「 」
        case 0x3001, 0x3002, 0x300C, 0x300D: 81
        case 0x3000...0x303F, 0xFF00...0xFFEF: 143
        default: 140
        }
    }

    /// Syllables with a simple vowel and none or a sonorant final (ㄴ ㄹ ㅁ ㅇ) are the ones vocabularies hold whole.
    private static func hangul(_ index: UInt32) -> Int {
        let final = index % 28
        let vowel = index / 28 % 21
        let simpleVowel = 0b1_0100_0010_0001_0001_0001 >> vowel & 1 == 1
        if final == 0 { return simpleVowel ? 126 : 163 }
        if final == 4 || final == 8 || final == 16 || final == 21 { return simpleVowel ? 154 : 164 }
        return simpleVowel ? 130 : 218
    }

    private static let commonHiragana: UInt128 = "のをにはがでとたしてるいなすれりあうかっこもらまきさよ".unicodeScalars
        .reduce(into: 0) { $0 |= 1 << UInt128($1.value - 0x3041) }

    private static func isCommonHiragana(_ value: UInt32) -> Bool {
        commonHiragana >> UInt128(value - 0x3041) & 1 == 1
    }
}
