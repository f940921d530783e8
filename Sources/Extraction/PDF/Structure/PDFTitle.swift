/// The title of a document.
struct PDFTitle {
    let sizes: TextSizes

    private static let longest = 200

    /// The title a document declares where it means something, else the largest text of its first page; nil without either.
    func title(declared: String?, pages: [PageBlocks]) -> String? {
        if let declared, Self.isMeaningful(declared) { return declared }
        return pages.first.flatMap(largestText)
    }

    /// Not what a program put there: the name of a file, of a template or of the program.
    static func isMeaningful(_ title: String) -> Bool {
        let lower = title.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard lower.count(where: \.isLetter) >= 3, lower.unicodeScalars.count <= longest else { return false }
        if placeholders.contains(where: { lower == $0 || lower.hasPrefix($0 + " ") && lower.dropFirst($0.count + 1).allSatisfy(\.isNumber) }
        ) {
            return false
        }
        return !lower.hasPrefix("microsoft word -") && !lower.hasPrefix("microsoft powerpoint -") && !isFileName(lower)
    }

    private static let placeholders = [
        "untitled", "(anonymous)", "anonymous", "(unspecified)", "unspecified", "title", "document", "document1", "no title", "none",
        "null",
        "powerpoint presentation", "presentation", "slide", "blank", "無題", "제목 없음", "default", "template",
    ]

    private static func isFileName(_ title: String) -> Bool {
        if title.contains("\\") || title.hasPrefix("file:") || title.hasPrefix("http") || title.hasPrefix("/") { return true }
        guard let dot = title.lastIndex(of: ".") else { return !title.contains(" ") && title.contains("_") }
        return fileEndings.contains(title[dot...].dropFirst())
    }

    private static let fileEndings: Set<Substring> = [
        "pdf", "doc", "docx", "docm", "dot", "ppt", "pptx", "xls", "xlsx", "odt", "ods", "odp", "rtf", "txt", "md", "htm", "html", "tex",
        "dvi", "ps",
        "eps", "ai", "indd", "qxd", "pages", "key", "hwp", "hwpx", "jtd", "jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff",
    ]

    /// The largest text before the first whole paragraph; failing that a first line that is like a title, and then the largest of all.
    private func largestText(of page: PageBlocks) -> String? {
        let paragraphs = page.paragraphs.filter { $0.lines.contains { !$0.isTurned && $0.text.count(where: \.isLetter) >= 3 } }
        if let title = largest(of: paragraphs.prefix { $0.lines.count <= 3 }) { return title }
        if let first = paragraphs.first, first.lines.count <= 2, first.marker == nil, HeadingFinder.isTitle(Self.text(first)) {
            return Self.text(first)
        }
        return largest(of: paragraphs[...])
    }

    private func largest(of paragraphs: ArraySlice<PageParagraph>) -> String? {
        let titles = paragraphs.filter { sizes.isLarge($0.size) && HeadingFinder.isTitle(Self.text($0)) }
        let size = titles.map(\.size).max() ?? 0
        return titles.first { $0.size >= 0.96 * size }.map(Self.text)
    }

    private static func text(_ paragraph: PageParagraph) -> String {
        LineJoin().joined(paragraph.lines.map(\.text))
    }
}
