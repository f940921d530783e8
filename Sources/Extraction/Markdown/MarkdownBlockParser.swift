import CCommonMark

/// Finds the blocks of Markdown with cmark's block phase.
///
/// Only lines are taken from cmark, never columns, and its inline phase never runs: that phase is where hostile text costs more
/// than linear time, and passages keep their inline markup anyway.
struct MarkdownBlockParser {
    let table: LineTable

    /// The blocks of `lines` in ascending order without overlap; lines between them may be unclaimed.
    func blocks(in lines: Range<Int>) -> [LineBlock] {
        let feed = MarkdownFeed(lines, of: table)
        guard let parser = cmark_parser_new(CMARK_OPT_DEFAULT) else { return [] }
        defer { cmark_parser_free(parser) }
        feed.bytes.withUnsafeBytes { buffer in
            cmark_parser_feed(parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        guard let root = parser.pointee.root, let iterator = cmark_iter_new(root) else { return [] }
        defer { cmark_iter_free(iterator) }
        var walk = MarkdownWalk(feed: feed, table: table)
        while case let event = cmark_iter_next(iterator), event != CMARK_EVENT_DONE {
            guard let node = cmark_iter_get_node(iterator) else { break }
            walk.visit(node, entering: event == CMARK_EVENT_ENTER)
        }
        return walk.finished()
    }
}

/// What cmark is given: the lines of the text with each run of blank lines as one, and at the end a rule that closes every list,
/// quotation and paragraph.
///
/// Blank lines beyond the first change no structure, but cmark visits all open lists for each.
struct MarkdownFeed {
    let bytes: [UInt8]
    /// The line of the text for each line fed; one more for the end.
    private let origins: [Int]

    init(_ lines: Range<Int>, of table: LineTable) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(table.source.bytes.count + 8)
        var origins: [Int] = []
        var previousIsBlank = false
        for line in lines {
            let content = table.source.bytes[table.lines[line]]
            let isBlank = content.allSatisfy { $0 == 0x20 || $0 == 0x09 }
            if isBlank && previousIsBlank { continue }
            previousIsBlank = isBlank
            bytes.append(contentsOf: content)
            bytes.append(0x0A)
            origins.append(line)
        }
        bytes.append(contentsOf: "\n***\n".utf8)
        origins.append(lines.upperBound)
        self.bytes = bytes
        self.origins = origins
    }

    /// The line of the text after all that was fed.
    var end: Int { origins[origins.count - 1] }

    /// The line of the text that line `number` (from 1) of the feed came from.
    func line(_ number: CInt) -> Int {
        origins[min(max(Int(number) - 1, 0), origins.count - 1)]
    }
}
