/// Cuts UTF-8 text into the pieces of a ``SplitPattern``, in time linear in the text.
struct PieceScanner: Sendable {
    private let pattern: SplitPattern
    private let afterSigns: [UInt8]
    private let basicPlane = ScalarClass.basicPlane

    init(_ pattern: SplitPattern) {
        self.pattern = pattern
        afterSigns = Array(pattern.afterSigns.utf8)
    }

    /// The end of the piece that begins at `start`, which must lie before the end of `text`. `text` must be valid UTF-8.
    func end(ofPieceAt start: Int, in text: borrowing Span<UInt8>) -> Int {
        if pattern.words != .byCase, let end = contractionEnd(at: start, in: text) { return end }
        if let end = wordEnd(at: start, in: text) { return end }
        if let end = numberEnd(at: start, in: text) { return end }
        return signsEnd(at: start, in: text) ?? spaceEnd(at: start, in: text)
    }

    // MARK: - Words

    private func wordEnd(at start: Int, in text: borrowing Span<UInt8>) -> Int? {
        switch pattern.words {
        case .afterSpace:
            return run(of: .letter, from: start + (text[start] == 0x20 ? 1 : 0), in: text)
        case .afterAny:
            let (first, length) = scalar(at: start, in: text)
            return run(of: .letter, from: first.isDisjoint(with: [.letter, .number, .lineEnd]) ? start + length : start, in: text)
        case .byCase:
            return casedWordEnd(at: start, in: text).map { contractionEnd(at: $0, in: text) ?? $0 }
        }
    }

    /// `[^\r\n\p{L}\p{N}]?` and then `[capital]*[small]+`, or failing that `[capital]+`, each first with the scalar in front and then
    /// without.
    private func casedWordEnd(at start: Int, in text: borrowing Span<UInt8>) -> Int? {
        let (first, length) = scalar(at: start, in: text)
        let begin = first.isDisjoint(with: [.letter, .number, .lineEnd]) ? start + length : start
        return smallWordEnd(from: begin, in: text) ?? smallWordEnd(from: start, in: text) ?? run(of: .capital, from: begin, in: text)
            ?? run(of: .capital, from: start, in: text)
    }

    /// `[capital]*[small]+`: where no small letter follows the capitals, the last of them that counts as small too is the end.
    private func smallWordEnd(from start: Int, in text: borrowing Span<UInt8>) -> Int? {
        var end = start
        var lastSmall: Int?
        while end < text.count {
            let (kind, length) = scalar(at: end, in: text)
            guard kind.contains(.capital) else { break }
            end += length
            if kind.contains(.small) { lastSmall = end }
        }
        return run(of: .small, from: end, in: text) ?? lastSmall
    }

    /// `'(?i:[sdmt]|ll|ve|re)`; the oldest pattern knows small letters only.
    private func contractionEnd(at start: Int, in text: borrowing Span<UInt8>) -> Int? {
        guard start + 1 < text.count, text[start] == UInt8(ascii: "'") else { return nil }
        let caseBit: UInt8 = pattern.words == .afterSpace ? 0 : 0x20
        let second = start + 2 < text.count ? text[start + 2] : 0
        switch (text[start + 1] | caseBit, second | caseBit) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "d"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "t"), _): return start + 2
        case (UInt8(ascii: "l"), UInt8(ascii: "l")), (UInt8(ascii: "v"), UInt8(ascii: "e")), (UInt8(ascii: "r"), UInt8(ascii: "e")):
            return start + 3
        // The long s (U+017F) is an s to a comparison without case.
        case (0xC5 | 0x20, _) where caseBit != 0 && text[start + 1] == 0xC5 && second == 0xBF: return start + 3
        default: return nil
        }
    }

    // MARK: - Numbers, signs and white space

    private func numberEnd(at start: Int, in text: borrowing Span<UInt8>) -> Int? {
        guard let digits = pattern.digits else { return run(of: .number, from: start + (text[start] == 0x20 ? 1 : 0), in: text) }
        return run(of: .number, from: start, atMost: digits, in: text)
    }

    /// ` ?[^\s\p{L}\p{N}]+` and what may follow.
    private func signsEnd(at start: Int, in text: borrowing Span<UInt8>) -> Int? {
        let first = start + (text[start] == 0x20 ? 1 : 0)
        var end = first
        while end < text.count, case let (kind, length) = scalar(at: end, in: text), kind.isSign { end += length }
        guard end > first else { return nil }
        while end < text.count, afterSigns.contains(text[end]) { end += 1 }
        return end
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line end, else all but the last one, which belongs to what follows.
    private func spaceEnd(at start: Int, in text: borrowing Span<UInt8>) -> Int {
        var (end, last, afterLine) = (start, start, start)
        while end < text.count, case let (kind, length) = scalar(at: end, in: text), kind.contains(.space) {
            last = end
            end += length
            if kind.contains(.lineEnd) { afterLine = end }
        }
        if pattern.joinsSpaceAtEnd, end == text.count { return end }
        if pattern.words != .afterSpace, afterLine > start { return afterLine }
        return end == text.count || last == start ? end : last
    }

    // MARK: - Scalars

    /// The end of the scalars of a class from `start` on; nil where there is none.
    private func run(of wanted: ScalarClass, from start: Int, atMost limit: Int = .max, in text: borrowing Span<UInt8>) -> Int? {
        var end = start
        var count = 0
        while end < text.count, count < limit, case let (kind, length) = scalar(at: end, in: text), kind.contains(wanted) {
            end += length
            count += 1
        }
        return end > start ? end : nil
    }

    private func scalar(at position: Int, in text: borrowing Span<UInt8>) -> (kind: ScalarClass, length: Int) {
        let lead = text[position]
        if lead < 0x80 { return (basicPlane[Int(lead)], 1) }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var value = UInt32(lead) & (0x7F >> UInt32(length))
        for offset in 1..<length { value = value << 6 | UInt32(text[position + offset] & 0x3F) }
        if value < 0x10000 { return (basicPlane[Int(value)], length) }
        return (Unicode.Scalar(value).map(ScalarClass.init) ?? [], length)
    }
}
