/// The texts of footnotes and endnotes.
struct WordNotes {
    private var texts: [NoteKey: String] = [:]

    /// No notes.
    init() {}

    /// The notes in the parts that `relationships`, those of the main part, name.
    init(
        _ package: OfficePackage, styles: WordStyles, numbering: WordNumbering, relationships: Relationships
    ) throws(ExtractionError) {
        for (kind, type) in [(NoteKey.Kind.footnote, "footnotes"), (.endnote, "endnotes")] {
            guard let part = relationships.first(ofType: type), let stream = try package.stream(part) else { continue }
            let context = WordContext(
                package, styles: styles, numbering: numbering, relationships: try Relationships(of: part, in: package), notes: WordNotes())
            try read(kind, from: stream, context)
        }
    }

    /// The text of a note; nil when it is missing or blank.
    func text(of note: NoteKey) -> String? {
        texts[note]
    }

    private mutating func read(_ kind: NoteKey.Kind, from stream: XMLStream, _ context: WordContext) throws(ExtractionError) {
        guard let root = try stream.root() else { return }
        while let child = try stream.nextChild(of: root) {
            // Lines that separate notes from the text are notes with a type.
            guard let id = stream.attribute("id"), ["normal", nil].contains(stream.attribute("type")) else { continue }
            try stream.budget.keepRecord()
            var blocks = WordBlockReader(child, of: stream, context: context)
            var lines: [String] = []
            while let block = try blocks.next() { lines.append(block.flattened) }
            // The space between the number and the text is part of the note.
            let text = lines.joined(separator: "\n").drop(while: \.isWhitespace)
            try stream.budget.write(text.utf8.count)
            if !text.isEmpty { texts[NoteKey(kind: kind, id: id)] = String(text) }
        }
    }
}
