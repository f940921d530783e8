/// Makes blocks of the paragraphs of one shape: its bullets and numbers become marks of a list.
struct DrawingList {
    /// Whether paragraphs that say nothing about a bullet have one, as in the body of a slide.
    private let hasBullets: Bool
    /// For each level the number of the last item and its scheme.
    private var counts: [Int: (scheme: String, number: Int)] = [:]

    init(hasBullets: Bool) {
        self.hasBullets = hasBullets
    }

    /// The block for the next paragraph.
    mutating func block(_ paragraph: DrawingParagraph) -> DrawingBlock {
        let mark = mark(of: paragraph)
        for level in paragraph.level..<9 where level > paragraph.level || !isNumbered(paragraph) { counts[level] = nil }
        guard let mark else { return .paragraph(paragraph.text) }
        return .item("\(mark) \(paragraph.text)", level: paragraph.level)
    }

    private func isNumbered(_ paragraph: DrawingParagraph) -> Bool {
        if case .number = paragraph.bullet { return true }
        return false
    }

    private mutating func mark(of paragraph: DrawingParagraph) -> String? {
        switch paragraph.bullet {
        case .none: return nil
        case .sign: return "-"
        case .inherited: return hasBullets ? "-" : nil
        case .number(let scheme, let start):
            let last = counts[paragraph.level]
            let number = last?.scheme == scheme ? (last?.number ?? 0) + 1 : start
            counts[paragraph.level] = (scheme, number)
            return Self.label(number, scheme: scheme)
        }
    }

    /// Schemes are named by their format and what stands around the number: "arabicPeriod", "alphaLcParenBoth" (ECMA-376 part 1,
    /// 20.1.10.61).
    private static func label(_ number: Int, scheme: String) -> String {
        let formats = [
            ("romanUc", "upperRoman"), ("romanLc", "lowerRoman"), ("alphaUc", "upperLetter"), ("alphaLc", "lowerLetter"),
            ("circleNum", "decimalEnclosedCircle"),
        ]
        let format = formats.first { scheme.hasPrefix($0.0) }?.1 ?? "decimal"
        let text = ListNumberFormat.text(number, format: format)
        if scheme.hasSuffix("ParenBoth") { return "(\(text))" }
        if scheme.hasSuffix("ParenR") { return "\(text))" }
        return scheme.hasSuffix("Plain") ? text : "\(text)."
    }
}
