/// A footnote or endnote of a document.
struct NoteKey: Hashable {
    enum Kind {
        case footnote, endnote
    }

    let kind: Kind
    let id: String
}

/// A piece of a Word document as it will be written.
enum WordBlock {
    case paragraph(WordParagraph)
    case table(WordTable)
}

struct WordParagraph {
    var kind: Block.Kind = .paragraph
    /// Whether its style says that it is the document's title.
    var isTitle = false
    /// With the label of its list in front; may be blank when only `boxes` hold something.
    var text = ""
    /// Columns in front of an item of a nested list.
    var indentation = 0
    /// The notes it refers to, in order.
    var notes: [NoteKey] = []
    /// What text boxes, diagrams and charts anchored in it hold.
    var boxes: [WordBlock] = []

    var isBlank: Bool { boxes.isEmpty && text.allSatisfy(\.isWhitespace) }
}

struct WordTable {
    /// The first row holds the titles.
    var rows: [[String]] = []
    /// What its cells hold, one below the other, when it has a single column.
    var frame: [WordBlock]?
    /// The notes its cells refer to, in order.
    var notes: [NoteKey] = []
}

extension WordBlock {
    /// The text of a block inside a cell or a note, where blocks cannot stand. Rows of a table end with ";", its cells with ",".
    var flattened: String {
        switch self {
        case .paragraph(let paragraph):
            return ([paragraph.text] + paragraph.boxes.map(\.flattened)).filter { !$0.isEmpty }.joined(separator: "\n")
        case .table(let table):
            if let frame = table.frame { return frame.map(\.flattened).joined(separator: "\n") }
            return table.rows.map { row in row.filter { !$0.isEmpty }.joined(separator: ", ") }.joined(separator: "; ")
        }
    }

    /// The notes that it and all inside it refer to.
    var allNotes: [NoteKey] {
        switch self {
        case .paragraph(let paragraph): paragraph.notes + paragraph.boxes.flatMap(\.allNotes)
        case .table(let table): table.notes + (table.frame ?? []).flatMap(\.allNotes)
        }
    }
}
