/// What the attributes of an element say that matters to a reader.
struct HTMLAttributes {
    private(set) var isHidden = false
    private(set) var isOpen = false
    private(set) var hasTarget = false
    private(set) var role = ""
    private(set) var alternative = ""
    private(set) var columnSpan = 1
    private(set) var rowSpan = 1
    /// The number of a list item, or the first of a list.
    private(set) var number: Int?
    /// The words of the class and the id, in small letters: each as a whole, and the parts it is made of.
    private(set) var words: Set<String> = []

    private static let longestValue = 512
    private static let mostWords = 40

    /// - Parameter value: nil for an attribute without one.
    mutating func set(_ name: String, _ value: String?) {
        let value = value ?? ""
        switch name {
        case "hidden": isHidden = isHidden || value != "until-found"
        case "aria-hidden": isHidden = isHidden || value == "true"
        case "style": isHidden = isHidden || Self.hides(value)
        case "open": isOpen = true
        case "href": hasTarget = true
        case "role": role = value.lowercased()
        case "alt": alternative = String(value.prefix(Self.longestValue))
        case "colspan": columnSpan = max(1, Int(value) ?? 1)
        case "rowspan": rowSpan = max(1, Int(value) ?? 1)
        case "start", "value": number = Int(value)
        case "class", "id": addWords(of: value)
        default: break
        }
    }

    private static func hides(_ style: String) -> Bool {
        let rules = style.prefix(longestValue).lowercased().filter { !$0.isWhitespace }
        return rules.contains("display:none") || rules.contains("visibility:hidden")
    }

    private mutating func addWords(of value: String) {
        for token in value.prefix(Self.longestValue).split(whereSeparator: \.isWhitespace) where words.count < Self.mostWords {
            words.insert(token.lowercased())
            let parts = token.split(whereSeparator: { !$0.isLetter }).flatMap(Self.humps)
            // "has-sidebar" says what else there is.
            if Self.relations.isDisjoint(with: parts) { words.formUnion(parts) }
        }
    }

    private static let relations: Set = ["has", "with", "no", "without", "before", "after"]

    /// "siteFooter" is "site" and "footer".
    private static func humps(of part: Substring) -> [String] {
        var humps: [String] = []
        var previousIsSmall = false
        for letter in part {
            if humps.isEmpty || (letter.isUppercase && previousIsSmall) { humps.append("") }
            humps[humps.count - 1] += letter.lowercased()
            previousIsSmall = letter.isLowercase
        }
        return humps
    }
}
