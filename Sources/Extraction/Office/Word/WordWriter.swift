/// Writes the blocks of a Word document: text boxes behind the paragraph they are anchored in, notes behind the paragraph or table
/// that refers to them.
struct WordWriter {
    private var writer: OfficeWriter
    private let context: WordContext
    private let notes: WordNotes
    private var writtenNotes: Set<NoteKey> = []
    /// Paragraphs of code in a row are lines of one block.
    private var codeLines: [String] = []
    private var title: String?

    init(context: WordContext, notes: WordNotes) {
        writer = OfficeWriter(budget: context.package.budget)
        self.context = context
        self.notes = notes
    }

    mutating func append(_ block: WordBlock) throws(ExtractionError) {
        try appendContent(of: block)
        // Each text box has written its own.
        try appendNotes(block.allNotes)
    }

    /// The document, all of it written.
    /// - Parameter title: the one in its properties; else the paragraph styled as title, else the first heading.
    consuming func document(title given: String?) throws(ExtractionError) -> ExtractedDocument {
        try appendCode()
        return writer.document(.word, title: given ?? title ?? writer.firstHeading)
    }

    private mutating func appendContent(of block: WordBlock) throws(ExtractionError) {
        switch block {
        case .paragraph(let paragraph):
            try append(paragraph)
            for box in paragraph.boxes { try append(box) }
        case .table(let table):
            try appendCode()
            guard let frame = table.frame else { return try writer.appendTable(table.rows) }
            for inner in frame { try append(inner) }
        }
    }

    private mutating func append(_ paragraph: WordParagraph) throws(ExtractionError) {
        if paragraph.kind == .code {
            codeLines.append(paragraph.text)
        } else {
            try appendCode()
            if paragraph.isTitle, title == nil { title = paragraph.text }
            try writer.append(paragraph.kind, paragraph.text, indentation: paragraph.indentation)
        }
    }

    private mutating func appendCode() throws(ExtractionError) {
        guard !codeLines.isEmpty else { return }
        let code = codeLines.joined(separator: "\n")
        codeLines = []
        try writer.append(.code, code)
    }

    private mutating func appendNotes(_ keys: [NoteKey]) throws(ExtractionError) {
        for key in keys where writtenNotes.insert(key).inserted {
            guard let number = context.number(of: key), let text = notes.text(of: key) else { continue }
            try appendCode()
            try writer.append(.paragraph, "[\(number)] \(text)")
        }
    }
}
