/// Which list a paragraph belongs to. Either may be left to the style.
struct NumberingReference: Equatable {
    /// `w:numId`; "0" takes the paragraph out of every list.
    var list: String?
    /// From 0.
    var level: Int?
}

/// What `word/styles.xml` says, with what styles inherit from each other.
struct WordStyles {
    /// A style after all it is based on was asked.
    struct Resolved {
        var role: ParagraphRole = .body
        var numbering: NumberingReference?
        /// Whose numbering that is: levels of a list name their styles.
        var numberingStyle: String?
        var isHidden = false
    }

    private let styles: [String: WordStyleDefinition]
    private let resolved: [String: Resolved]
    private let defaultParagraphStyle: String?

    /// Chains in real documents have a few links; a circle has no end.
    private static let longestChain = 20

    init(_ definitions: [WordStyleDefinition]) {
        let styles = Dictionary(definitions.map { ($0.id, $0) }) { first, _ in first }
        self.styles = styles
        resolved = styles.mapValues { Self.resolve($0, in: styles) }
        defaultParagraphStyle = definitions.first { $0.isDefaultParagraph }?.id
    }

    /// What the style `id` means for a paragraph or run; without an id what paragraphs are by default.
    func style(_ id: String?) -> Resolved {
        guard let id = id ?? defaultParagraphStyle else { return Resolved() }
        if let known = resolved[id] { return known }
        // A name that nothing defines still tells what its writer meant.
        return Resolved(role: ParagraphRole(styleName: id) ?? .body)
    }

    /// The list that the numbering style `id` stands for.
    func list(ofNumberingStyle id: String) -> String? {
        styles[id]?.numbering?.list
    }

    private static func resolve(_ style: WordStyleDefinition, in styles: [String: WordStyleDefinition]) -> Resolved {
        var result = Resolved()
        var role: ParagraphRole?
        var isHidden: Bool?
        var next: WordStyleDefinition? = style
        for _ in 0..<longestChain {
            guard let style = next else { break }
            role = role ?? style.role
            isHidden = isHidden ?? style.isHidden
            inherit(style, into: &result)
            next = style.basedOn.flatMap { styles[$0] }
        }
        result.role = role ?? .body
        result.isHidden = isHidden ?? false
        return result
    }

    private static func inherit(_ style: WordStyleDefinition, into result: inout Resolved) {
        guard let numbering = style.numbering else { return }
        var merged = result.numbering ?? NumberingReference()
        merged.level = merged.level ?? numbering.level
        if merged.list == nil, let list = numbering.list {
            merged.list = list
            result.numberingStyle = style.id
        }
        result.numbering = merged
    }
}
