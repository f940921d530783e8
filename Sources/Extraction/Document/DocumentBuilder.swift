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

    /// - Parameter expectedBytes: about how much will be written; growing a long text would need twice its memory.
    init(expectedBytes: Int = 0) {
        if expectedBytes > 0 { text.reserveCapacity(2 * expectedBytes) }
    }

    /// Nothing is written for a text without visible characters.
    /// - Parameters:
    ///   - headingText: for a heading, its words; the block's text when nil.
    ///   - indentation: spaces in front of the block, which are no part of it; for the items of a nested list.
    mutating func append(_ kind: Block.Kind, _ source: String, headingText: String? = nil, indentation: Int = 0) {
        let content = CleanText.of(source)
        guard !content.isEmpty else { return }
        var heading: String?
        if case .heading = kind { heading = headingText ?? CleanText.line(content) }
        appendClean(kind, content, headingText: heading, indentation: indentation)
    }

    /// A table as Markdown writes it: a line of titles, a rule, and a line for each row. Cells lose their line breaks, rows without
    /// content are left out, and all rows have the columns of the widest.
    /// - Parameter rows: the first one holds the titles.
    mutating func appendTable(_ rows: [[String]]) {
        let cells = rows.map { $0.map(Self.cell) }.filter { row in row.contains { !$0.isEmpty } }
        guard let width = cells.map(\.count).max() else { return }
        var table = ""
        for (index, row) in cells.enumerated() {
            table += index == 0 ? "| " : "\n| "
            for column in 0..<width {
                if column > 0 { table += " | " }
                if column < row.count { table += row[column] }
            }
            table += " |"
            if index == 0 { table += "\n|" + String(repeating: "---|", count: width) }
        }
        appendClean(.table, table)
    }

    /// Page `number` begins.
    mutating func beginPage(_ number: Int) {
        if page != nil { blocks.append(Block(kind: .pageBreak, range: scalars..<scalars, page: number, headingText: nil)) }
        page = number
    }

    /// The document; its title is the one given, else its first heading of level 1.
    func document(_ mediaType: MediaType, title: String? = nil) -> ExtractedDocument {
        let given = title.map(CleanText.line).flatMap { $0.isEmpty ? nil : $0 }
        return ExtractedDocument(mediaType, text: text, blocks: blocks, title: given)
    }

    private mutating func appendClean(_ kind: Block.Kind, _ content: String, headingText: String? = nil, indentation: Int = 0) {
        if !text.isEmpty { write(kind == .listItem && blocks.last?.kind == .listItem ? "\n" : "\n\n") }
        if indentation > 0 { write(String(repeating: " ", count: indentation)) }
        let start = scalars
        write(content)
        blocks.append(Block(kind: kind, range: start..<scalars, page: page, headingText: headingText))
    }

    private mutating func write(_ piece: String) {
        text += piece
        scalars += piece.unicodeScalars.count
    }

    /// One line without bars that would end the cell.
    private static func cell(_ source: String) -> String {
        let line = CleanText.line(source)
        return line.utf8.contains(UInt8(ascii: "|")) ? line.replacing("|", with: "\\|") : line
    }
}
