/// The pages of a document as they are read, and what they make together.
struct PDFPages {
    private var layouts: [PageLayout] = []
    private var join = LineJoin()
    /// The text of all pages, in bytes of UTF-8.
    private(set) var bytes = 0

    var count: Int { layouts.count }

    /// Takes in the next page. O(n log n) in its words, of which only the lines they make are kept.
    mutating func append(_ page: PageWords) {
        var isParted = false
        for word in page.words {
            bytes += word.text.utf8.count
            let endsWithHyphen = word.text.utf8.last == UInt8(ascii: "-")
            if !isParted && !endsWithHyphen { join.learn(word.text) }
            isParted = endsWithHyphen
        }
        layouts.append(PageLayout(page))
    }

    /// The document without running heads, with its headings, tables, lists and paragraphs.
    /// - Parameter title: the one it declares.
    func document(title: String?) -> ExtractedDocument {
        let heads = RunningHeads(layouts)
        return PageWriter(pages: layouts.map { PageBlocks(heads.removed(from: $0)) }, join: join).document(declaredTitle: title)
    }
}
