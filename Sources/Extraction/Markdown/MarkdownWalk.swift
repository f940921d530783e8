import CCommonMark

/// Collects blocks from the nodes of a cmark tree, visited in document order.
struct MarkdownWalk {
    let feed: MarkdownFeed
    let table: LineTable
    private var blocks: [LineBlock] = []
    private var quotations = 0
    private var items = 0
    /// The line of an open quotation or item in which nothing was found yet: its mark belongs to what comes first inside.
    private var pendingLine: Int?
    private var isClosed = false

    init(feed: MarkdownFeed, table: LineTable) {
        self.feed = feed
        self.table = table
    }

    /// Takes the next event of an iteration over the tree.
    mutating func visit(_ node: UnsafeMutablePointer<cmark_node>, entering: Bool) {
        let type = cmark_node_get_type(node)
        if type == CMARK_NODE_BLOCK_QUOTE || type == CMARK_NODE_ITEM {
            visitContainer(
                isQuotation: type == CMARK_NODE_BLOCK_QUOTE, from: feed.line(cmark_node_get_start_line(node)), entering: entering)
        } else if entering, type != CMARK_NODE_DOCUMENT, type != CMARK_NODE_LIST {
            visitLeaf(node, type)
        }
    }

    /// All blocks. When the closing rule of the feed was swallowed by unclosed code or HTML, that reaches to the end.
    func finished() -> [LineBlock] {
        var complete = blocks
        if !isClosed, let last = complete.popLast() {
            complete.append(LineBlock(kind: last.kind, lines: last.lines.lowerBound..<feed.end, headingText: last.headingText))
        }
        return complete
    }

    private mutating func visitContainer(isQuotation: Bool, from line: Int, entering: Bool) {
        if !entering, let start = pendingLine {
            append(isQuotation ? .quote : .listItem, start..<(start + 1))
        }
        pendingLine = entering ? pendingLine ?? line : nil
        if isQuotation { quotations += entering ? 1 : -1 } else { items += entering ? 1 : -1 }
    }

    private mutating func visitLeaf(_ node: UnsafeMutablePointer<cmark_node>, _ type: cmark_node_type) {
        let first = feed.line(cmark_node_get_start_line(node))
        guard first < feed.end else {
            isClosed = true
            return
        }
        let kind = kind(of: node, type)
        let last = lastLine(of: node, type, from: first)
        append(kind, (pendingLine ?? first)..<(last + 1))
        pendingLine = nil
    }

    private mutating func append(_ kind: Block.Kind, _ lines: Range<Int>) {
        // cmark counts one line too many for a block that the next one closes.
        if let previous = blocks.last, previous.lines.upperBound > lines.lowerBound {
            blocks[blocks.count - 1].lines = previous.lines.lowerBound..<max(previous.lines.lowerBound, lines.lowerBound)
        }
        var headingText: String?
        if case .heading = kind { headingText = MarkdownInlines.plainText(of: lines, in: table) }
        blocks.append(LineBlock(kind: kind, lines: lines, headingText: headingText))
    }

    private func kind(of node: UnsafeMutablePointer<cmark_node>, _ type: cmark_node_type) -> Block.Kind {
        if quotations > 0 { return .quote }
        switch type {
        case CMARK_NODE_CODE_BLOCK: return .code
        case CMARK_NODE_HTML_BLOCK: return .html
        case CMARK_NODE_THEMATIC_BREAK: return .thematicBreak
        case CMARK_NODE_HEADING where items == 0: return .heading(level: Int(cmark_node_get_heading_level(node)))
        default: return items > 0 ? .listItem : .paragraph
        }
    }

    private func lastLine(of node: UnsafeMutablePointer<cmark_node>, _ type: cmark_node_type, from first: Int) -> Int {
        let last = max(first, feed.line(cmark_node_get_end_line(node)))
        switch type {
        case CMARK_NODE_THEMATIC_BREAK: return first
        case CMARK_NODE_HEADING: return headingEnd(from: first, notBeyond: last + 1)
        // cmark counts one line too few where an end mark such as `-->` closes the block.
        case CMARK_NODE_HTML_BLOCK where last + 1 < feed.end && !table.isBlank(last + 1): return last + 1
        default: return min(last, feed.end - 1)
        }
    }

    /// The line of the underline, or `first` itself for a heading that begins with `#`.
    /// - Parameter limit: how far to look; without an underline, as in a quotation, each heading would look through all that follows.
    private func headingEnd(from first: Int, notBeyond limit: Int) -> Int {
        let line = table.source.bytes[table.trimmed(first)]
        let marks = line.prefix { $0 == UInt8(ascii: "#") }.count
        let next = line.dropFirst(marks).first
        if (1...6).contains(marks), next == nil || next == 0x20 || next == 0x09 { return first }
        return ((first + 1)..<max(first + 1, min(limit + 1, feed.end))).first(where: isUnderline) ?? first
    }

    private func isUnderline(_ line: Int) -> Bool {
        let bytes = table.source.bytes[table.trimmed(line)]
        guard let mark = bytes.first, mark == UInt8(ascii: "=") || mark == UInt8(ascii: "-") else { return false }
        return bytes.allSatisfy { $0 == mark }
    }
}
