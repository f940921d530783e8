/// How a run of scalars is divided into terms.
enum Script {
    /// Letters, marks and digits of scripts that put spaces between words.
    case alphabetic
    case hangul
    case hiragana
    case katakana
    case han
    /// Scripts of South-East Asia written without spaces.
    case unspaced
    /// Everything that separates terms.
    case separator

    /// The script of a scalar in search form.
    init(_ scalar: UInt32) {
        switch scalar {
        case 0x30...0x39, 0x61...0x7A: self = .alphabetic
        case 0..<0x80: self = .separator
        case 0xAC00...0xD7A3: self = .hangul
        case 0x3041...0x3096, 0x3099...0x309F: self = .hiragana
        case 0x30A1...0x30FA, 0x30FC...0x30FF, 0x31F0...0x31FF: self = .katakana
        case 0x3005, 0x3007, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFD: self = .han
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF: self = .unspaced
        default: self = Self.isWordScalar(scalar) ? .alphabetic : .separator
        }
    }

    private static func isWordScalar(_ value: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(value) else { return false }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .letterNumber,
            .nonspacingMark, .spacingMark:
            return true
        default:
            return false
        }
    }
}
