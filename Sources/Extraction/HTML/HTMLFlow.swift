/// Writes the content of a page as blocks, in one walk.
struct HTMLFlow {
    private let content: HTMLContent
    private(set) var builder: DocumentBuilder
    private var text = HTMLInlineText()
    private var open: [Open] = []
    private var lists: [List] = []
    private var quotations = 0
    /// The mark of a list item of which nothing is written yet.
    private var mark: String?

    /// An element with an end that matters.
    private struct Open {
        let tag: HTMLTag
        let end: Int
    }

    private struct List {
        let isOrdered: Bool
        var number: Int
    }

    init(_ content: HTMLContent, builder: DocumentBuilder) {
        self.content = content
        self.builder = builder
    }

    /// Writes `root` and all it holds.
    mutating func write(_ root: Int) {
        let end = content.tree.end(root)
        var node = root
        while node < end {
            closeElements(endingBy: node)
            node = content.isGone(node) ? content.tree.end(node) : visit(node)
        }
        closeElements(endingBy: end)
        flush()
    }

    /// Writes or opens `node` and tells which comes next.
    private mutating func visit(_ node: Int) -> Int {
        let tree = content.tree
        let tag = tree.tag(node)
        switch tag {
        case .text: text.append(tree.characters(node))
        case .br: text.breakLine()
        case .img: HTMLPicture.append(node, of: tree, to: &text)
        case .title, .head: return tree.end(node)
        case let tag where tag.headingLevel != nil: return writeHeading(node, level: tag.headingLevel ?? 1)
        case let tag where tag.isPreformatted: return writeCode(node)
        case .table: return writeTable(node)
        default:
            if tag.isBlock { openBlock(node, tag) }
        }
        return node + 1
    }

    // MARK: - Blocks with content of their own

    private mutating func writeHeading(_ node: Int, level: Int) -> Int {
        flush()
        let heading = HTMLFlatText.of(node, in: content)
        // Pages make whole paragraphs large by calling them headings.
        builder.append(heading.unicodeScalars.count <= 300 ? .heading(level: level) : .paragraph, heading)
        return content.tree.end(node)
    }

    private mutating func writeCode(_ node: Int) -> Int {
        flush()
        let tree = content.tree
        var code: [UInt8] = []
        var next = node + 1
        while next < tree.end(node) {
            if content.isGone(next) {
                next = tree.end(next)
                continue
            }
            if tree.tag(next) == .text { code.append(contentsOf: tree.characters(next)) }
            if tree.tag(next) == .br || tree.tag(next) == .div, code.last != 0x0A { code.append(0x0A) }
            next += 1
        }
        builder.append(.code, String(decoding: code.drop { $0 == 0x0A }, as: UTF8.self))
        return tree.end(node)
    }

    private mutating func writeTable(_ node: Int) -> Int {
        flush()
        guard let table = HTMLTable(node, in: content) else {
            openBlock(node, .table)
            return node + 1
        }
        table.write(to: &builder)
        return content.tree.end(node)
    }

    // MARK: - Blocks of running text

    private mutating func openBlock(_ node: Int, _ tag: HTMLTag) {
        flush()
        open.append(Open(tag: tag, end: content.tree.end(node)))
        let attributes = content.tree.attributes(node)
        switch tag {
        case .blockquote: quotations += 1
        case let tag where tag.isList: lists.append(List(isOrdered: tag == .ol, number: attributes?.number ?? 1))
        case .dl: lists.append(List(isOrdered: false, number: 1))
        case .li: beginItem(numbered: attributes?.number)
        case .dt: mark = "- "
        default: break
        }
    }

    private mutating func beginItem(numbered number: Int?) {
        guard let list = lists.indices.last, lists[list].isOrdered else { return mark = "- " }
        if let number { lists[list].number = number }
        mark = "\(lists[list].number). "
        lists[list].number = lists[list].number &+ 1
    }

    private mutating func closeElements(endingBy node: Int) {
        while let last = open.last, last.end <= node {
            flush()
            open.removeLast()
            if last.tag == .blockquote { quotations -= 1 }
            if last.tag.isList || last.tag == .dl { lists.removeLast() }
            if last.tag == .li || last.tag == .dt { mark = nil }
        }
    }

    /// Ends a block of running text. An empty line between two `<br>` divides paragraphs.
    private mutating func flush() {
        guard !text.isEmpty else { return _ = text.take() }
        let kind: Block.Kind = quotations > 0 ? .quote : lists.isEmpty ? .paragraph : .listItem
        for paragraph in Paragraphs.of(text.take()) {
            builder.append(kind, (kind == .paragraph ? "" : mark ?? "") + paragraph)
            mark = nil
        }
    }
}
