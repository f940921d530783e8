/// A page as what it is made of, before the headings of the whole document are known.
struct PageBlocks {
    enum Content {
        case paragraph(PageParagraph)
        case table(PageTable)
    }

    let number: Int
    let contents: [Content]

    /// Linear in the lines.
    init(_ page: PageLayout) {
        number = page.number
        contents = Self.zones(of: page.lines).flatMap { zone in
            TableFinder(zone).parts().flatMap { part -> [Content] in
                switch part {
                case .text(let lines): ParagraphBuilder(lines).paragraphs().map(Content.paragraph)
                case .table(let table): [.table(table)]
                }
            }
        }
    }

    private init(number: Int, contents: [Content]) {
        self.number = number
        self.contents = contents
    }

    /// The page with the lines of each large title in one paragraph: centred and ragged titles look like several.
    func joiningTitles(_ sizes: TextSizes) -> PageBlocks {
        var joined: [Content] = []
        for content in contents {
            if case .paragraph(let next) = content, case .paragraph(var last)? = joined.last, next.continuesTitle(last, sizes) {
                for line in next.lines { last.append(line) }
                joined[joined.count - 1] = .paragraph(last)
            } else {
                joined.append(content)
            }
        }
        return PageBlocks(number: number, contents: joined)
    }

    var paragraphs: [PageParagraph] {
        contents.compactMap { if case .paragraph(let paragraph) = $0 { paragraph } else { nil } }
    }

    private static func zones(of lines: [PageLine]) -> [[PageLine]] {
        lines.reduce(into: []) { zones, line in
            if zones.last?.last?.zone == line.zone { zones[zones.count - 1].append(line) } else { zones.append([line]) }
        }
    }
}
