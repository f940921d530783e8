/// What the split patterns of vocabularies ask of a scalar: its Unicode general category and whether it is white space.
struct ScalarClass: OptionSet {
    let rawValue: UInt8

    /// `\p{L}`.
    static let letter = ScalarClass(rawValue: 1)
    /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`: what a word in capitals is made of.
    static let capital = ScalarClass(rawValue: 2)
    /// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`: what a word in small letters is made of.
    static let small = ScalarClass(rawValue: 4)
    /// `\p{N}`.
    static let number = ScalarClass(rawValue: 8)
    /// `\s`.
    static let space = ScalarClass(rawValue: 16)
    /// `[\r\n]`.
    static let lineEnd = ScalarClass(rawValue: 32)

    /// Whether it is `[^\s\p{L}\p{N}]`: punctuation, symbols, marks, controls.
    var isSign: Bool {
        isDisjoint(with: [.letter, .number, .space])
    }

    /// The classes of the scalars below U+10000, so that the Unicode properties are asked once; 64 KiB.
    static let basicPlane: [ScalarClass] = (0..<0x10000).map { Unicode.Scalar($0 as UInt32).map(ScalarClass.init) ?? [] }

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    init(_ scalar: Unicode.Scalar) {
        self =
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .titlecaseLetter: [.letter, .capital]
            case .lowercaseLetter: [.letter, .small]
            case .modifierLetter, .otherLetter: [.letter, .capital, .small]
            case .nonspacingMark, .spacingMark, .enclosingMark: [.capital, .small]
            case .decimalNumber, .letterNumber, .otherNumber: .number
            default: []
            }
        if scalar.properties.isWhitespace { insert(.space) }
        if scalar == "\r" || scalar == "\n" { insert(.lineEnd) }
    }
}
