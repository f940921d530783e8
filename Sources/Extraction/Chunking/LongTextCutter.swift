/// Cuts a sentence or line that is longer than a passage may be: between lines, after clauses, between words, and failing all
/// these between scalars.
struct LongTextCutter {
    private let input: ChunkingInput
    private let source: SourceText
    private let limit: Int

    init(_ input: ChunkingInput) {
        self.input = input
        source = input.source
        limit = input.configuration.targetTokens
    }

    /// Where a piece may end, from the best place to the worst.
    private enum Seam: CaseIterable {
        case line, clause, word, scalar
    }

    /// The parts of `range` in order, each of at most `limit` tokens, without the white space between them.
    func cut(_ range: Range<Int>) -> [Range<Int>] {
        var parts = [range]
        for seam in Seam.allCases {
            parts = parts.flatMap { input.tokens($0) <= limit ? [$0] : split($0, at: seam) }
        }
        return parts
    }

    /// The last place in a long stretch where it may be cut: after white space in its second half, else between two characters.
    func lastSeam(in stretch: Range<Int>) -> Int {
        let middle = stretch.lowerBound + stretch.count / 2
        let space = source.bytes[middle..<stretch.upperBound].lastIndex { $0 == 0x20 || $0 == 0x0A }
        if let space { return space + 1 }
        var end = stretch.upperBound - 1
        while end > middle, source.bytes[end] & 0xC0 == 0x80 || (stretch.upperBound - end < 24 && continuesCharacter(at: end)) { end -= 1 }
        return end
    }

    /// The pieces of `range` between seams, neighbours joined while they stay within a quarter of the limit.
    private func split(_ range: Range<Int>, at seam: Seam) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var pending: (range: Range<Int>, tokens: Int)?
        for piece in atoms(of: range, at: seam) {
            let count = input.tokens(piece)
            if let open = pending, case let joined = open.tokens + input.tokens(open.range.upperBound..<piece.lowerBound) + count,
                joined <= limit / 4
            {
                pending = (open.range.lowerBound..<piece.upperBound, joined)
            } else {
                if let open = pending { pieces.append(open.range) }
                pending = (piece, count)
            }
        }
        if let open = pending { pieces.append(open.range) }
        return pieces
    }

    private func atoms(of range: Range<Int>, at seam: Seam) -> [Range<Int>] {
        var atoms: [Range<Int>] = []
        var start = range.lowerBound
        var position = range.lowerBound
        while position < range.upperBound {
            position = scalarEnd(after: position, before: range.upperBound)
            if position == range.upperBound || isSeam(seam, at: position, from: start) {
                let atom = WhiteSpace.trim(start..<position, in: source.bytes)
                if !atom.isEmpty { atoms.append(atom) }
                start = position
            }
        }
        return atoms
    }

    private func scalarEnd(after position: Int, before end: Int) -> Int {
        var next = position + 1
        while next < end, source.bytes[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }

    /// Whether a part that begins at byte `start` may end before byte `position`.
    private func isSeam(_ seam: Seam, at position: Int, from start: Int) -> Bool {
        switch seam {
        case .line: source.bytes[position - 1] == 0x0A
        case .clause: endsClause(at: position)
        case .word: WhiteSpace.length(in: source.bytes, at: position) != nil
        // A letter under a heap of marks is cut all the same.
        case .scalar: position - start >= 24 || !continuesCharacter(at: position)
        }
    }

    /// After a comma, semicolon or colon of English before a space, or one of East Asian writing.
    private func endsClause(at position: Int) -> Bool {
        let last = source.bytes[position - 1]
        if last < 0x80 { return ",;:".utf8.contains(last) && WhiteSpace.length(in: source.bytes, at: position) != nil }
        return position >= 3 && Self.eastAsianClauseMarks.contains(Self.packed(source.bytes[(position - 3)..<position]))
    }

    private static let eastAsianClauseMarks = Set("、，；：。！？）」』】・".unicodeScalars.map { packed(String($0).utf8) })

    private static func packed(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Whether the scalar at `position` is a mark upon the one before it.
    private func continuesCharacter(at position: Int) -> Bool {
        guard source.bytes[position] >= 0xCC,
            let scalar = source.string(position..<min(position + 4, source.bytes.count)).unicodeScalars.first
        else { return false }
        return scalar.properties.isGraphemeExtend
    }
}
