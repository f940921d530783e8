/// The words of a paragraph and what hangs on them.
struct WordInlineContent {
    var text = ""
    var notes: [NoteKey] = []
    var boxes: [WordBlock] = []
    /// Whether a field says that this is an entry of a table of contents.
    var isContentsEntry = false

    /// Grows with everything found.
    fileprivate var amount: Int { text.utf8.count + boxes.count }
}

/// Reads runs and what may stand around and between them.
///
/// Elements it does not know are looked into: text stands only in `w:t` and `m:t`, wherever these are.
struct WordInlineReader {
    let stream: XMLStream
    let context: WordContext
    private(set) var content: WordInlineContent
    /// Whether the paragraph's style hides its text.
    var isHiddenByStyle = false
    private var isHidden = false
    /// For each open field whether its instruction is being read, which nobody sees. Fields that go on beyond their paragraph are
    /// in their result there.
    private var fields: [Bool] = []
    private var openInstructions = 0
    private var instruction = ""
    /// "^" or "_" before the next word of a formula.
    private var mathMark = ""

    init(stream: XMLStream, context: WordContext, content: WordInlineContent) {
        self.stream = stream
        self.context = context
        self.content = content
    }

    /// Reads `element` and all inside it.
    mutating func read(_ element: XMLElement) throws(ExtractionError) {
        switch element.namespace {
        case .word: try readWord(element)
        case .math: try readMath(element)
        case .compatibility where element.name == "AlternateContent": try readAlternatives(element)
        case .diagram where element.name == "relIds", .chart where element.name == "chart": try readGraphic(element)
        default: try readChildren(element)
        }
    }

    private mutating func readChildren(_ element: XMLElement) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) { try read(child) }
    }

    private mutating func readWord(_ element: XMLElement) throws(ExtractionError) {
        switch element.name {
        case "t": append(try stream.text(of: element))
        case "r": try readRun(element)
        case "tab", "ptab": append("\t")
        case "br", "cr": append("\n")
        case "noBreakHyphen": append("-")
        case "sym": append(SymbolFont.text(font: stream.attribute("font"), character: stream.attribute("char")))
        case "footnoteReference": appendNote(.footnote)
        case "endnoteReference": appendNote(.endnote)
        case "fldChar": readFieldCharacter()
        case "instrText": try readInstruction(element)
        case "fldSimple": try readSimpleField(element)
        case "txbxContent": try readBox(element)
        case "sdt": try readControl(element)
        // Text that was deleted or moved away, the reading above its base, and properties.
        case "del", "moveFrom", "delText", "delInstrText", "rt", "rPr", "pPr", "sdtPr": return
        default: try readChildren(element)
        }
    }

    private mutating func readRun(_ element: XMLElement) throws(ExtractionError) {
        isHidden = isHiddenByStyle
        while let child = try stream.nextChild(of: element) {
            if child.is(.word, "rPr") {
                let properties = try WordRunProperties(child, of: stream)
                let style = properties.style.map { context.styles.style($0).isHidden } ?? false
                isHidden = properties.isHidden ?? (style || isHiddenByStyle)
            } else {
                try read(child)
            }
        }
        isHidden = false
    }

    private var isVisible: Bool { !isHidden && openInstructions == 0 }

    private mutating func append(_ text: String) {
        guard isVisible else { return }
        content.text += text
    }

    private mutating func appendNote(_ kind: NoteKey.Kind) {
        guard isVisible, let id = stream.attribute("id") else { return }
        let note = NoteKey(kind: kind, id: id)
        guard let number = context.number(of: note) else { return }
        content.text += "[\(number)]"
        content.notes.append(note)
    }

    private mutating func readFieldCharacter() {
        switch stream.attribute("fldCharType") {
        case "begin":
            fields.append(true)
            openInstructions += 1
            instruction = ""
        case "separate": endInstruction()
        default:
            endInstruction()
            _ = fields.popLast()
        }
    }

    private mutating func endInstruction() {
        guard fields.last == true else { return }
        fields[fields.count - 1] = false
        openInstructions -= 1
    }

    private mutating func readInstruction(_ element: XMLElement) throws(ExtractionError) {
        // An instruction may come in several pieces; its first words are enough.
        if instruction.utf8.count < 100 { instruction += try stream.text(of: element) }
        if WordContents.isEntry(instruction) { content.isContentsEntry = true }
    }

    private mutating func readSimpleField(_ element: XMLElement) throws(ExtractionError) {
        if let field = stream.attribute("instr"), WordContents.isEntry(field) { content.isContentsEntry = true }
        try readChildren(element)
    }

    private mutating func readControl(_ element: XMLElement) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            if child.is(.word, "sdtPr") {
                if try WordContents.isContents(child, of: stream) { return }
            } else {
                try read(child)
            }
        }
    }

    /// The first branch with anything to read; the others hold the same for older programs.
    private mutating func readAlternatives(_ element: XMLElement) throws(ExtractionError) {
        let before = content.amount
        while let branch = try stream.nextChild(of: element) {
            if content.amount == before { try readChildren(branch) }
        }
    }

    private mutating func readBox(_ element: XMLElement) throws(ExtractionError) {
        guard !isHidden else { return }
        var blocks = WordBlockReader(element, of: stream, context: context)
        while let block = try blocks.next() {
            try stream.budget.keepRecord()
            content.boxes.append(block)
        }
    }

    private mutating func readGraphic(_ element: XMLElement) throws(ExtractionError) {
        let blocks = try GraphicReader(context.package, context.relationships).blocks(at: element, of: stream)
        content.boxes += blocks.map(WordBlock.init)
    }

    /// Formulas on one line: fractions with `/`, powers with `^`, indices with `_`.
    private mutating func readMath(_ element: XMLElement) throws(ExtractionError) {
        switch element.name {
        case "t":
            let text = try stream.text(of: element)
            append((text.isEmpty ? "" : mathMark) + text)
            mathMark = ""
        case "sup", "sub":
            mathMark = element.name == "sup" ? "^" : "_"
            try readChildren(element)
            mathMark = ""
        case "num":
            try readChildren(element)
            append("/")
        case "rad":
            append("√")
            try readChildren(element)
        case "deg": return
        default: try readChildren(element)
        }
    }
}

extension WordBlock {
    fileprivate init(_ drawing: DrawingBlock) {
        switch drawing {
        case .paragraph(let text): self = .paragraph(WordParagraph(text: text))
        case .item(let text, let level):
            self = .paragraph(WordParagraph(kind: .listItem, text: text, indentation: level * 2))
        case .table(let rows): self = .table(WordTable(rows: rows))
        }
    }
}
