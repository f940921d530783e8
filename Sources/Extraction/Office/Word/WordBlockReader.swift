/// Reads the paragraphs and tables of a story, a cell or a text box in order, one after the other.
struct WordBlockReader {
    /// An element around the blocks that is looked into.
    private struct Container {
        let element: XMLElement
        /// The blocks found before it began.
        let found: Int
    }

    private let stream: XMLStream
    private let context: WordContext
    private var containers: [Container]
    private var found = 0
    /// A paragraph whose end mark was deleted, with its words: the next one goes on from there.
    private var open: WordInlineContent?
    /// What was said about the cell, when the blocks are those of one.
    private(set) var cell = WordCellProperties()

    init(_ element: XMLElement, of stream: XMLStream, context: WordContext) {
        self.stream = stream
        self.context = context
        containers = [Container(element: element, found: 0)]
    }

    /// The next block that is not blank; nil at the end.
    mutating func next() throws(ExtractionError) -> WordBlock? {
        while let container = containers.last {
            guard let child = try stream.nextChild(of: container.element) else {
                containers.removeLast()
                continue
            }
            if let block = try block(at: child, in: container) {
                found += 1
                return block
            }
        }
        return rest()
    }

    private mutating func block(at child: XMLElement, in container: Container) throws(ExtractionError) -> WordBlock? {
        switch child.name {
        case "p": return try paragraph(child)
        case "tbl": return try WordTableReader(stream: stream, context: context).table(child).map { .table($0) }
        // Text that was deleted, or moved to another place.
        case "del", "moveFrom": return nil
        case "tcPr": cell = try WordCellProperties(child, of: stream)
        case "sdtPr":
            // Leaving the container passes over all that is left in it.
            if try WordContents.isContents(child, of: stream) { containers.removeLast() }
        // The same once more for older programs.
        case "Choice" where found > container.found, "Fallback" where found > container.found: return nil
        case "Choice", "Fallback": containers.append(Container(element: child, found: container.found))
        default: containers.append(Container(element: child, found: found))
        }
        return nil
    }

    private mutating func paragraph(_ element: XMLElement) throws(ExtractionError) -> WordBlock? {
        var reader = WordParagraphReader(stream: stream, context: context, continuing: open)
        let paragraph = try reader.paragraph(element)
        open = paragraph == nil ? reader.continuation : nil
        guard let paragraph, !paragraph.isBlank else { return nil }
        return .paragraph(paragraph)
    }

    /// What a deleted end mark left over at the end of the story.
    private mutating func rest() -> WordBlock? {
        guard let content = open else { return nil }
        open = nil
        let paragraph = WordParagraph(text: content.text, notes: content.notes, boxes: content.boxes)
        return paragraph.isBlank ? nil : .paragraph(paragraph)
    }
}
