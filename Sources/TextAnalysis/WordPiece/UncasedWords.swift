/// Divides text into words as uncased BERT models do before they look for pieces: control characters go, accents and case are taken off,
/// punctuation marks and ideographs are words of their own, white space parts the rest.
///
/// The order and the classes are those of BERT's reference tokenizer (`BasicTokenizer`) as its port in Rust defines them, on which models
/// of today are trained.
struct UncasedWords {
    /// What a scalar does to the word it stands in.
    private enum Role: UInt8 {
        case part
        /// Is a word alone.
        case single
        case space
        /// Vanishes without parting what stands on its two sides.
        case nothing
    }

    /// Calls `body` with the UTF-8 bytes of each word and its number of scalars, in order. Takes time linear in the text.
    static func forEach(in text: String, _ body: (borrowing Span<UInt8>, Int) -> Void) {
        var words = UncasedWords()
        var text = text
        let isPlain = text.withUTF8 { bytes in
            guard bytes.allSatisfy({ $0 < 0x80 }) else { return false }
            for byte in bytes { words.take(ascii: byte, body) }
            return true
        }
        if !isPlain {
            for scalar in TextNormalizer.nfd(text).unicodeScalars { words.take(scalar, body) }
        }
        words.endWord(body)
    }

    private var word: [UInt8] = []
    private var scalars = 0

    private mutating func take(ascii byte: UInt8, _ body: (borrowing Span<UInt8>, Int) -> Void) {
        let role = Self.asciiRoles[Int(byte)]
        if role == .nothing { return }
        if role != .part { endWord(body) }
        if role == .space { return }
        word.append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
        scalars += 1
        if role == .single { endWord(body) }
    }

    private mutating func take(_ scalar: Unicode.Scalar, _ body: (borrowing Span<UInt8>, Int) -> Void) {
        if scalar.isASCII { return take(ascii: UInt8(scalar.value), body) }
        switch Self.role(of: scalar) {
        case .nothing: return
        case .space: endWord(body)
        case .part: append(scalar)
        case .single:
            endWord(body)
            append(scalar)
            endWord(body)
        }
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        let lowercase = scalar.properties.lowercaseMapping
        word.append(contentsOf: lowercase.utf8)
        scalars += lowercase.unicodeScalars.count
    }

    private mutating func endWord(_ body: (borrowing Span<UInt8>, Int) -> Void) {
        guard !word.isEmpty else { return }
        body(word.span, scalars)
        word.removeAll(keepingCapacity: true)
        scalars = 0
    }

    // MARK: - Classes

    private static let asciiRoles: [Role] = (0..<0x80).map { role(of: Unicode.Scalar($0 as UInt8)) }

    private static func role(of scalar: Unicode.Scalar) -> Role {
        if scalar == "\t" || scalar == "\n" || scalar == "\r" { return .space }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .nonspacingMark: return .nothing
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
            .otherPunctuation:
            return .single
        case .spaceSeparator, .lineSeparator, .paragraphSeparator: return .space
        default:
            // ASCII's signs are all taken for punctuation, though some are symbols by category.
            if scalar.isASCII { return scalar.properties.isAlphabetic || scalar.properties.numericType != nil ? .part : .single }
            return scalar == "\u{FFFD}" ? .nothing : isIdeograph(scalar.value) ? .single : .part
        }
    }

    private static func isIdeograph(_ value: UInt32) -> Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF,
            0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
