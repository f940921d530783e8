/// Writes the pages of a document.
struct PageWriter {
    let pages: [PageBlocks]
    let join: LineJoin

    func document(declaredTitle: String?) -> ExtractedDocument {
        let sizes = TextSizes(pages)
        let pages = pages.map { $0.joiningTitles(sizes) }
        let finder = HeadingFinder(pages, sizes: sizes)
        var builder = DocumentBuilder()
        for page in pages {
            builder.beginPage(page.number)
            for content in page.contents { write(content, finder, to: &builder) }
        }
        return builder.document(.pdf, title: PDFTitle(sizes: sizes).title(declared: declaredTitle, pages: pages))
    }

    private func write(_ content: PageBlocks.Content, _ finder: HeadingFinder, to builder: inout DocumentBuilder) {
        switch content {
        case .paragraph(let paragraph):
            if let level = finder.level(of: paragraph) {
                builder.append(.heading(level: level), paragraph.text(join))
            } else {
                builder.append(paragraph.marker == nil ? .paragraph : .listItem, paragraph.text(join))
            }
        case .table(let table):
            if let grid = table.grid() { builder.appendTable(grid) } else { builder.append(.code, table.lines) }
        }
    }
}
