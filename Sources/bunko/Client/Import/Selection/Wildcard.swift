/// A pattern for one name of a path: `*` is any characters, `?` one, `[a-z]` and `[!a-z]` one of a set, and a character behind `\` itself.
///
/// Names are compared by what a reader sees, so that a pattern typed in one Unicode form finds names stored in the other.
struct Wildcard: Sendable, Equatable {
    fileprivate enum Piece: Sendable, Equatable {
        case one(Character)
        case any
        case run
        case set(CharacterRanges)
    }

    private let pieces: [Piece]

    /// A `[` that nothing closes stands for itself.
    init(_ text: some StringProtocol) {
        var pieces: [Piece] = []
        var rest = Array(text)[...]
        while let character = rest.popFirst() {
            switch character {
            case "*": if pieces.last != .run { pieces.append(.run) }
            case "?": pieces.append(.any)
            case "[":
                if let ranges = CharacterRanges(behindBracket: &rest) { pieces.append(.set(ranges)) } else { pieces.append(.one("[")) }
            case "\\": pieces.append(.one(rest.popFirst() ?? "\\"))
            default: pieces.append(.one(character))
            }
        }
        self.pieces = pieces
    }

    /// The only name it matches; nil when there may be several.
    var literal: String? {
        var name = ""
        for piece in pieces {
            guard case .one(let character) = piece else { return nil }
            name.append(character)
        }
        return name
    }

    /// Whether it asks for a leading dot itself, as a shell wants it for hidden files.
    var beginsWithDot: Bool { pieces.first == .one(".") }

    /// Takes time in proportion to the pattern times the name.
    func matches(_ name: [Character]) -> Bool {
        var piece = 0
        var place = 0
        // Behind the last `*`: where it is tried again with one character more.
        var again: (piece: Int, place: Int)?
        while place < name.count {
            if piece < pieces.count, pieces[piece] == .run {
                piece += 1
                again = (piece, place)
            } else if piece < pieces.count, pieces[piece].matches(name[place]) {
                piece += 1
                place += 1
            } else if let last = again {
                again = (last.piece, last.place + 1)
                (piece, place) = (last.piece, last.place + 1)
            } else {
                return false
            }
        }
        return pieces[piece...].allSatisfy { $0 == .run }
    }
}

extension Wildcard.Piece {
    fileprivate func matches(_ character: Character) -> Bool {
        switch self {
        case .one(let wanted): wanted == character
        case .any: true
        case .run: false
        case .set(let ranges): ranges.contains(character)
        }
    }
}

/// What stands between `[` and `]`: characters, ranges, and names such as `[:digit:]`; behind `!` or `^` everything else.
struct CharacterRanges: Sendable, Equatable {
    private enum Class: String, Sendable {
        case alpha, digit, alnum, upper, lower, space, punct
    }

    private var ranges: [ClosedRange<Character>] = []
    private var classes: [Class] = []
    private let isNegated: Bool

    /// Takes the set and its closing bracket from `rest`; nil, with `rest` as it was, when there is none.
    init?(behindBracket rest: inout ArraySlice<Character>) {
        var left = rest
        isNegated = left.first == "!" || left.first == "^"
        if isNegated { left.removeFirst() }
        var isFirst = true
        while let character = left.popFirst() {
            if character == "]", !isFirst {
                rest = left
                return
            }
            isFirst = false
            if character == "[", left.first == ":", let name = Self.takeClass(from: &left) {
                classes.append(name)
            } else {
                ranges.append(Self.takeRange(from: character, &left))
            }
        }
        return nil
    }

    func contains(_ character: Character) -> Bool {
        (ranges.contains { $0.contains(character) } || classes.contains { Self.holds($0, character) }) != isNegated
    }

    private static func takeRange(from first: Character, _ rest: inout ArraySlice<Character>) -> ClosedRange<Character> {
        let lower = first == "\\" ? rest.popFirst() ?? first : first
        let behind = rest.dropFirst()
        guard rest.first == "-", let last = behind.first, last != "]" else { return lower...lower }
        rest = behind.dropFirst()
        let upper = last == "\\" ? rest.popFirst() ?? last : last
        return lower <= upper ? lower...upper : lower...lower
    }

    private static func takeClass(from rest: inout ArraySlice<Character>) -> Class? {
        guard let end = rest.firstIndex(of: "]"), rest.index(before: end) > rest.startIndex, rest[rest.index(before: end)] == ":",
            let name = Class(rawValue: String(rest[rest.index(after: rest.startIndex)..<rest.index(before: end)]))
        else { return nil }
        rest = rest[rest.index(after: end)...]
        return name
    }

    private static func holds(_ name: Class, _ character: Character) -> Bool {
        switch name {
        case .alpha: character.isLetter
        case .digit: character.isNumber
        case .alnum: character.isLetter || character.isNumber
        case .upper: character.isUppercase
        case .lower: character.isLowercase
        case .space: character.isWhitespace
        case .punct: character.isPunctuation || character.isSymbol
        }
    }
}
