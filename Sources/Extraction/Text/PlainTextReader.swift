/// Reads plain text: paragraphs between blank lines, and the few lines that are headings beyond doubt.
struct PlainTextReader {
    func read(_ text: String) -> ExtractedDocument {
        let table = LineTable(SourceText(text))
        let assembler = BlockAssembler(table: table)
        let found = assembler.paragraphs(in: 0..<table.count).map { lines in
            PlainTextHeading.find(in: lines, of: table) ?? LineBlock(kind: .paragraph, lines: lines)
        }
        return ExtractedDocument(.plainText, text: text, blocks: assembler.blocks(found))
    }
}
