/// What a cell's number format makes of its number.
enum NumberFormat: Equatable {
    case general
    /// With the decimals shown.
    case percent(decimals: Int)
    /// A point in time.
    case date(hasDate: Bool, hasTime: Bool)
    /// A span of time, whose hours may go beyond 24.
    case duration

    /// The format with one of the numbers that stand for the same everywhere (ECMA-376 part 1, 18.8.30); general for others.
    init(builtIn id: Int) {
        switch id {
        case 9: self = .percent(decimals: 0)
        case 10: self = .percent(decimals: 2)
        case 14...17, 27...31, 34...36, 50...58: self = .date(hasDate: true, hasTime: false)
        case 18...21, 32, 33, 45, 47: self = .date(hasDate: false, hasTime: true)
        case 22: self = .date(hasDate: true, hasTime: true)
        case 46: self = .duration
        default: self = .general
        }
    }

    /// A custom format. Only its first section is looked at: the others are for negative numbers, zero and text.
    init(code: String) {
        let marks = NumberFormatMarks(code)
        if marks.isDuration {
            self = .duration
        } else if marks.hasDate || marks.hasTime {
            self = .date(hasDate: marks.hasDate, hasTime: marks.hasTime)
        } else if let decimals = marks.percentDecimals {
            self = .percent(decimals: decimals)
        } else {
            self = .general
        }
    }
}

/// The letters of a number format that mean something, without what only stands there to be shown.
private struct NumberFormatMarks {
    private(set) var isDuration = false
    private var letters: Set<Character> = []
    private var decimals: Int?
    private var isPercent = false

    /// Letters that are part of a date; a month alone is one, beside hours or seconds `m` means minutes.
    var hasDate: Bool { !letters.isDisjoint(with: "ydegb") || (letters.contains("m") && !hasTime) }
    var hasTime: Bool { !letters.isDisjoint(with: "hs") }
    var percentDecimals: Int? { isPercent ? decimals ?? 0 : nil }

    init(_ code: String) {
        var rest = Substring(code.lowercased())
        while let next = rest.popFirst(), next != ";" {
            switch next {
            case "\"": rest = rest.drop { $0 != "\"" }.dropFirst()
            case "\\", "_", "*": rest = rest.dropFirst()
            case "[": takeBracket(&rest)
            case "g" where rest.hasPrefix("eneral"): rest = rest.dropFirst(6)
            case "a" where rest.hasPrefix("m/pm"): rest = rest.dropFirst(4)
            // An exponent, not a year of an era.
            case "e" where rest.first == "+" || rest.first == "-": continue
            default: take(next)
            }
        }
    }

    /// `[h]` counts hours beyond a day; others are colours, conditions and languages.
    private mutating func takeBracket(_ rest: inout Substring) {
        let inner = rest.prefix { $0 != "]" }
        rest = rest.dropFirst(inner.count + 1)
        if let first = inner.first, "hms".contains(first), inner.allSatisfy({ $0 == first }) { isDuration = true }
    }

    private mutating func take(_ mark: Character) {
        switch mark {
        case ".": decimals = 0
        case "0", "#", "?": decimals = decimals.map { $0 + 1 }
        case "%": isPercent = true
        default: letters.insert(mark)
        }
    }
}
