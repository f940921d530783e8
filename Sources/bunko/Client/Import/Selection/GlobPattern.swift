/// A glob as a user writes it in quotes: `docs/**/*.{md,txt}`.
///
/// A folder that matches stands for everything below it, as when a shell puts its name in place of the glob.
struct GlobPattern: Sendable, Equatable {
    /// The names that stand in front of the first wildcard of every alternative.
    let base: String
    private let alternatives: [PathPattern]

    /// Nil for a text without wildcards.
    init?(_ text: String) {
        guard text.contains(where: { "*?[{".contains($0) }) else { return nil }
        let paths = Self.expansions(of: text).map { $0.split(separator: "/").map(String.init) }
        let depth = Self.commonDepth(of: paths)
        guard let first = paths.first else { return nil }
        let names = first.prefix(depth).map { Wildcard($0).literal ?? $0 }
        let below = names.joined(separator: "/")
        base = text.hasPrefix("/") ? "/" + below : below.isEmpty ? "." : below
        alternatives = paths.map { PathPattern($0.dropFirst(depth)) }
    }

    /// One file by its name.
    init(base: String, name: String) {
        self.base = base
        alternatives = [PathPattern([String(name.flatMap { ["\\", $0] })])]
    }

    /// Where the way down stands among the alternatives.
    struct Selection: Sendable, Equatable {
        fileprivate let places: [PathPattern.Places]
    }

    enum Step: Equatable {
        /// Neither this nor anything below it is meant.
        case none
        /// Something below it may be meant.
        case partly(Selection)
        /// It is meant, with everything below it.
        case everything
    }

    var start: Selection { Selection(places: alternatives.map(\.start)) }

    func step(_ selection: Selection, over name: [Character]) -> Step {
        let next = zip(alternatives, selection.places).map { $0.step($1, over: name, dotIsExplicit: true) }
        if zip(alternatives, next).contains(where: { $0.isMatch($1) }) { return .everything }
        return next.allSatisfy(\.isEmpty) ? .none : .partly(Selection(places: next))
    }

    /// Whether a path below the base is meant, by its own name or a folder's.
    func selects(_ names: some Sequence<[Character]>) -> Bool {
        var selection = start
        for name in names {
            switch step(selection, over: name) {
            case .none: return false
            case .everything: return true
            case .partly(let next): selection = next
            }
        }
        return false
    }

    private static func commonDepth(of paths: [[String]]) -> Int {
        // The last name is always left to the pattern, so that there is something to match.
        guard let first = paths.first, let shortest = paths.map(\.count).min(), shortest > 0 else { return 0 }
        return (0..<shortest - 1).prefix { index in
            Wildcard(first[index]).literal != nil && paths.allSatisfy { $0[index] == first[index] }
        }.count
    }

    /// Alternatives beyond this many are not told apart: `{a,b}` ten times over would be a thousand.
    private static let mostExpansions = 1_000

    /// What `{a,b}` stands for, in order and nested; braces without a comma stand for themselves.
    static func expansions(of text: String) -> [String] {
        var open: [String] = [text]
        var done: [String] = []
        while let next = open.popLast() {
            guard done.count + open.count < mostExpansions, let group = BraceGroup(in: Array(next)) else {
                done.append(next)
                continue
            }
            open += group.alternatives.reversed()
        }
        return done
    }
}

/// The first `{a,b}` of a text.
private struct BraceGroup {
    let alternatives: [String]

    init?(in text: [Character]) {
        for open in text.indices where text[open] == "{" && (open == 0 || text[open - 1] != "\\") {
            if let found = Self.alternatives(text, open) {
                alternatives = found
                return
            }
        }
        return nil
    }

    private static func alternatives(_ text: [Character], _ open: Int) -> [String]? {
        var depth = 0
        var commas: [Int] = []
        for index in text.indices[open...] {
            switch text[index] {
            case "{": depth += 1
            case ",": if depth == 1 { commas.append(index) }
            case "}":
                depth -= 1
                if depth == 0 { return commas.isEmpty ? nil : parts(text, [open] + commas + [index]) }
            default: break
            }
        }
        return nil
    }

    private static func parts(_ text: [Character], _ marks: [Int]) -> [String] {
        guard let open = marks.first, let close = marks.last else { return [] }
        return zip(marks, marks.dropFirst()).map { String(text[..<open] + text[($0 + 1)..<$1] + text[(close + 1)...]) }
    }
}
