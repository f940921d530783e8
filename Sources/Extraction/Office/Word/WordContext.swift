/// What the stories of a Word document (its body, its notes) share, and what is counted while one is read.
final class WordContext {
    let package: OfficePackage
    let styles: WordStyles
    /// The relationships of the part that is read.
    let relationships: Relationships
    private var lists: ListCounter
    private let notes: WordNotes
    private var noteNumbers: [NoteKey: Int] = [:]

    init(_ package: OfficePackage, styles: WordStyles, numbering: WordNumbering, relationships: Relationships, notes: WordNotes) {
        self.package = package
        self.styles = styles
        self.relationships = relationships
        self.notes = notes
        lists = ListCounter(numbering)
    }

    /// The number that stands for a note in the text: one sequence for footnotes and endnotes, so that each number means one note.
    /// Nil for a note without text.
    func number(of note: NoteKey) -> Int? {
        guard notes.text(of: note) != nil else { return nil }
        if let known = noteNumbers[note] { return known }
        let number = noteNumbers.count + 1
        noteNumbers[note] = number
        return number
    }

    /// The label of the next item of a list.
    func nextLabel(_ reference: NumberingReference, style: String?) -> ListLabel? {
        lists.next(reference, style: style)
    }
}
