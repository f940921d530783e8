/// Reads one paragraph: its properties, its words, and what both make of it.
struct WordParagraphReader {
    private let stream: XMLStream
    private let context: WordContext
    private var inline: WordInlineReader
    private var properties = WordParagraphProperties()

    /// - Parameter continuing: what a paragraph before it left open.
    init(stream: XMLStream, context: WordContext, continuing: WordInlineContent?) {
        self.stream = stream
        self.context = context
        inline = WordInlineReader(stream: stream, context: context, content: continuing ?? WordInlineContent())
    }

    /// What was read so far, for the next paragraph to go on with.
    var continuation: WordInlineContent { inline.content }

    /// The paragraph; nil when its end was deleted, so that the next one continues it.
    mutating func paragraph(_ element: XMLElement) throws(ExtractionError) -> WordParagraph? {
        while let child = try stream.nextChild(of: element) {
            if child.is(.word, "pPr") {
                properties = try WordParagraphProperties(child, of: stream)
                inline.isHiddenByStyle = context.styles.style(properties.style).isHidden
            } else {
                try inline.read(child)
            }
        }
        if properties.isMarkDeleted { return nil }
        return finished()
    }

    private func finished() -> WordParagraph {
        let style = context.styles.style(properties.style)
        let role = properties.outlineLevel.map(ParagraphRole.init(outlineLevel:)) ?? style.role
        let label = label(style)
        let content = inline.content
        guard role != .contents, style.role != .contents, !content.isContentsEntry else { return WordParagraph() }
        var paragraph = WordParagraph(text: content.text, notes: content.notes, boxes: content.boxes)
        guard !content.text.allSatisfy(\.isWhitespace) else { return paragraph }
        setKind(of: &paragraph, role, label)
        return paragraph
    }

    private func label(_ style: WordStyles.Resolved) -> ListLabel? {
        guard let direct = properties.numbering else {
            return style.numbering.flatMap { context.nextLabel($0, style: style.numberingStyle) }
        }
        if let list = direct.list {
            let level = direct.level ?? style.numbering?.level
            return context.nextLabel(NumberingReference(list: list, level: level), style: nil)
        }
        let inherited = NumberingReference(list: style.numbering?.list, level: direct.level)
        return context.nextLabel(inherited, style: nil)
    }

    private func setKind(of paragraph: inout WordParagraph, _ role: ParagraphRole, _ label: ListLabel?) {
        let number = label?.number.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") } ?? ""
        switch role {
        case .heading(let level): setHeading(of: &paragraph, level: level, number)
        case .title:
            setHeading(of: &paragraph, level: 1, number)
            paragraph.isTitle = true
        case .code: paragraph.kind = .code
        case .quote where label == nil: paragraph.kind = .quote
        case .body, .quote, .contents:
            guard let label else { return }
            guard label.number != "" else { return }
            paragraph.kind = .listItem
            paragraph.indentation = label.level * 2
            paragraph.text = "\(label.number == nil ? "-" : number) \(paragraph.text.drop(while: \.isWhitespace))"
        }
    }

    private func setHeading(of paragraph: inout WordParagraph, level: Int, _ number: String) {
        paragraph.kind = .heading(level: level)
        let words = paragraph.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        paragraph.text = number.isEmpty ? words : "\(number) \(words)"
    }
}
