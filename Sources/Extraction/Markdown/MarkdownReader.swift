/// Reads CommonMark with GitHub's tables and YAML front matter. The text stays Markdown; only its blocks are found.
struct MarkdownReader {
    func read(_ text: String) -> ExtractedDocument {
        let table = LineTable(SourceText(text))
        let frontMatter = FrontMatter(table)
        let body = (frontMatter?.lineCount ?? 0)..<table.count
        var found = frontMatter.map { [LineBlock(kind: .frontMatter, lines: 0..<$0.lineCount)] } ?? []
        // Markup nested deeper than any writer nests is not structure: the text is kept, as paragraphs.
        if !MarkdownNesting.isExcessive(in: body, of: table) {
            found += MarkdownBlockParser(table: table).blocks(in: body).flatMap { MarkdownTable.split($0, of: table) }
        }
        let blocks = BlockAssembler(table: table).blocks(found)
        return ExtractedDocument(.markdown, source: table.source, blocks: blocks, title: frontMatter?.title)
    }
}
