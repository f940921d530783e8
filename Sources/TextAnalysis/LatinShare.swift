/// How much of a text is written in Latin letters.
public enum LatinShare {
    /// What a letter of another script counts for: a Hangul syllable, a Kana or a Han character says about as much as three Latin letters.
    private static let weightOfOthers = 3

    /// The Latin letters' part of all letters of `text`, 0…1, and 0 for text without letters. Digits, marks and signs count for nothing.
    /// Takes time linear in the text.
    public static func of(_ text: String) -> Float {
        var (latin, others) = (0, 0)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x41...0x5A, 0x61...0x7A, 0xAA, 0xBA, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x24F, 0x1E00...0x1EFF, 0xFF21...0xFF3A,
                0xFF41...0xFF5A:
                latin += 1
            case 0..<0x250: break
            default: if scalar.properties.isAlphabetic { others += weightOfOthers }
            }
        }
        return latin == 0 ? 0 : Float(latin) / Float(latin + others)
    }
}
