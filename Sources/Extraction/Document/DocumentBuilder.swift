import TextAnalysis

/// Writes the text of a document whose source is no text itself (pdf, docx, html, a table), block by block.
///
/// Blocks stand apart by a blank line, items of a list by a line break. Each block's text is brought into the form every document
/// has: Unicode NFC, line ends `\n`, no control characters, no white space at the ends of lines or around the block, no more than one
/// blank line in a row.
struct DocumentBuilder {
    private var text = ""
    private var scalars = 0
    private(set) var blocks: [Block] = []
    /// The page the next block stands on, from 1; nil for sources without pages.
    private(set) var page: Int?

    /// Nothing is written for a text without visible characters.
    /// - Parameter headingText: for a heading, its words; the block's text when nil.
    mutating func append(_ kind: Block.Kind, _ source: String, headingText: String? = nil) {
        let content = Self.cleaned(source)
        guard !content.isEmpty else { return }
        if !text.isEmpty { write(kind == .listItem && blocks.last?.kind == .listItem ? "\n" : "\n\n") }
        let start = scalars
        write(content)
        var heading: String?
        if case .heading = kind { heading = headingText ?? content.split(whereSeparator: \.isNewline).joined(separator: " ") }
        blocks.append(Block(kind: kind, range: start..<scalars, page: page, headingText: heading))
    }

    /// A table as Markdown writes it: a line of titles, a rule, and a line for each row. Cells lose their line breaks, rows without
    /// content are left out, and all rows have the columns of the widest.
    /// - Parameter rows: the first one holds the titles.
    mutating func appendTable(_ rows: [[String]]) {
        let cells = rows.map { $0.map(Self.cell) }.filter { row in row.contains { !$0.isEmpty } }
        guard let head = cells.first, let width = cells.map(\.count).max() else { return }
        func line(_ row: [String]) -> String {
            "| " + (row + Array(repeating: "", count: width - row.count)).joined(separator: " | ") + " |"
        }
        let rule = "|" + String(repeating: "---|", count: width)
        append(.table, ([line(head), rule] + cells.dropFirst().map(line)).joined(separator: "\n"))
    }

    /// Page `number` begins.
    mutating func beginPage(_ number: Int) {
        if page != nil { blocks.append(Block(kind: .pageBreak, range: scalars..<scalars, page: number, headingText: nil)) }
        page = number
    }

    /// The document; its title is the one given, else its first heading of level 1.
    func document(_ mediaType: MediaType, title: String? = nil) -> ExtractedDocument {
        let given = title.map(Self.cell).flatMap { $0.isEmpty ? nil : $0 }
        return ExtractedDocument(mediaType, text: text, blocks: blocks, title: given)
    }

    private mutating func write(_ piece: String) {
        text += piece
        scalars += piece.unicodeScalars.count
    }

    /// One line without bars that would end the cell.
    private static func cell(_ source: String) -> String {
        cleaned(source).split(whereSeparator: \.isWhitespace).joined(separator: " ").replacing("|", with: "\\|")
    }

    private static func cleaned(_ source: String) -> String {
        var lines: [Substring] = []
        let visible = TextNormalizer.nfc(String(String.UnicodeScalarView(source.unicodeScalars.lazy.filter(isKept))))
        for line in visible.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            var line = line
            while line.last?.isWhitespace == true { line.removeLast() }
            if line.isEmpty, lines.last?.isEmpty != false { continue }
            lines.append(line)
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        let joined = lines.joined(separator: "\n")
        return String(joined.drop(while: \.isWhitespace))
    }

    /// Control characters, private marks of layout and broken scalars have no place in a passage; a soft hyphen is only a proposal.
    private static func isKept(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x2028, 0x2029: true
        case 0..<0x20, 0x7F..<0xA0, 0xAD, 0xFEFF, 0xFFFC...0xFFFF: false
        default: true
        }
    }
}
