/// The rules of one ignore file, as git reads a `.gitignore`: the last one that matches decides, and `!` brings back.
struct IgnoreRules: Sendable {
    fileprivate struct Rule: Sendable {
        fileprivate enum Pattern: Sendable {
            /// A rule without a slash: a name at any depth.
            case name(Wildcard)
            /// A rule with one: a path from the ignore file's folder.
            case path(PathPattern)
        }

        let pattern: Pattern
        let foldersOnly: Bool
        let bringsBack: Bool
    }

    private let rules: [Rule]

    init(_ text: String) {
        let content = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        rules = content.split(whereSeparator: { $0 == "\n" || $0 == "\r\n" }).compactMap(Rule.init)
    }

    var isEmpty: Bool { rules.isEmpty }

    /// True: left out; false: brought back; nil: these rules do not say.
    /// - Parameter names: from the ignore file's folder down, not empty.
    func verdict(on names: ArraySlice<[Character]>, isFolder: Bool) -> Bool? {
        guard let last = names.last else { return nil }
        let deciding = rules.last { rule in
            guard isFolder || !rule.foldersOnly else { return false }
            switch rule.pattern {
            case .name(let wildcard): return wildcard.matches(last)
            case .path(let pattern): return pattern.matches(names)
            }
        }
        return deciding.map { !$0.bringsBack }
    }
}

extension IgnoreRules.Rule {
    /// Nil for a blank line and a comment.
    fileprivate init?(_ line: Substring) {
        var rest = Self.withoutTrailingSpaces(line)
        guard rest.first != "#" else { return nil }
        bringsBack = rest.first == "!"
        if bringsBack { rest.removeFirst() }
        foldersOnly = rest.last == "/"
        if foldersOnly { rest.removeLast() }
        let hasSlash = rest.contains("/")
        let names = rest.split(separator: "/")
        guard let only = names.first else { return nil }
        pattern = hasSlash ? .path(PathPattern(names)) : .name(Wildcard(only))
    }

    /// Spaces at the end do not count unless a backslash says so.
    private static func withoutTrailingSpaces(_ line: Substring) -> Substring {
        var rest = line
        while rest.last == " " || rest.last == "\t" {
            guard rest.dropLast().reversed().prefix(while: { $0 == "\\" }).count.isMultiple(of: 2) else { break }
            rest.removeLast()
        }
        return rest
    }
}

/// The ignore files of a folder and of the folders above it, down from the one that is imported.
struct IgnoreStack: Sendable {
    /// The later one has the last word.
    static let fileNames = [".gitignore", ".bunkoignore"]

    private var layers: [(depth: Int, rules: IgnoreRules)] = []

    /// Adds the rules of a folder `depth` names below the one that is imported.
    mutating func add(_ rules: IgnoreRules, depth: Int) {
        if !rules.isEmpty { layers.append((depth, rules)) }
    }

    /// Whether the innermost rule that says anything leaves this out. What stands in a folder that is left out is not asked for.
    func ignores(_ names: [[Character]], isFolder: Bool) -> Bool {
        for (depth, rules) in layers.reversed() {
            if let verdict = rules.verdict(on: names[depth...], isFolder: isFolder) { return verdict }
        }
        return false
    }
}
