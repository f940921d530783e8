import CCommonMark

/// Finds the blocks of Markdown with cmark's block phase.
///
/// Only lines are taken from cmark, never columns, and its inline phase never runs: that phase is where hostile text costs more
/// than linear time, and passages keep their inline markup anyway.
struct MarkdownBlockParser {
    let table: LineTable

    /// The blocks of `lines` in ascending order without overlap; lines between them may be unclaimed.
    func blocks(in lines: Range<Int>) -> [LineBlock] {
        guard let parser = cmark_parser_new(CMARK_OPT_DEFAULT) else { return [] }
        defer { cmark_parser_free(parser) }
        let feed = MarkdownFeed(lines, of: table)
        table.source.bytes.withUnsafeBytes { bytes in
            for part in feed.parts { Self.feed(parser, UnsafeRawBufferPointer(rebasing: bytes[part])) }
        }
        Array(MarkdownFeed.closing.utf8).withUnsafeBytes { Self.feed(parser, $0) }
        guard let root = parser.pointee.root, let iterator = cmark_iter_new(root) else { return [] }
        defer { cmark_iter_free(iterator) }
        var walk = MarkdownWalk(feed: feed, table: table)
        while case let event = cmark_iter_next(iterator), event != CMARK_EVENT_DONE {
            guard let node = cmark_iter_get_node(iterator) else { break }
            walk.visit(node, entering: event == CMARK_EVENT_ENTER)
        }
        return walk.finished()
    }

    private static func feed(_ parser: UnsafeMutablePointer<cmark_parser>, _ bytes: UnsafeRawBufferPointer) {
        cmark_parser_feed(parser, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
}

/// What cmark is given: the lines of the text with each run of blank lines as one, and at the end a rule that closes every list,
/// quotation and paragraph.
///
/// Blank lines beyond the first change no structure, but cmark visits all open lists for each. Nothing is copied: cmark itself has a copy
/// of all paragraphs, and a second one of the line it reads. So what stands in the middle of a line beyond a mebibyte is not given: how
/// a line begins and ends tells what it is, but for a fence or a comment that ends half a mebibyte from both.
struct MarkdownFeed {
    /// Bytes of a line that are given whole, and of its two ends together when it is longer.
    static let longestLine = 1 << 20
    /// Ends the last line and all that is open.
    static let closing = "\n\n***\n"

    /// The bytes of the text to give, in order. All but the last and the beginnings of very long lines end with a line.
    private(set) var parts: [Range<Int>] = []
    /// The line of the text for each line fed; one more for the end.
    private var origins: [Int] = []

    init(_ lines: Range<Int>, of table: LineTable) {
        var previousIsBlank = false
        for line in lines {
            let content = table.lines[line]
            let isBlank = table.source.bytes[content].allSatisfy { $0 == 0x20 || $0 == 0x09 }
            if isBlank && previousIsBlank { continue }
            previousIsBlank = isBlank
            let end = min(content.upperBound + 1, table.source.bytes.count)
            origins.append(line)
            if content.count > Self.longestLine {
                // Between scalars: what is no UTF-8 makes no fence.
                let bytes = table.source.bytes
                var (head, tail) = (content.lowerBound + Self.longestLine / 2, content.upperBound - Self.longestLine / 2)
                while bytes[head] & 0xC0 == 0x80 { head -= 1 }
                while bytes[tail] & 0xC0 == 0x80 { tail += 1 }
                parts += [content.lowerBound..<head, tail..<end]
                continue
            }
            if let last = parts.last, last.upperBound == content.lowerBound {
                parts[parts.count - 1] = last.lowerBound..<end
            } else {
                parts.append(content.lowerBound..<end)
            }
        }
        origins.append(lines.upperBound)
    }

    /// The line of the text after all that was fed.
    var end: Int { origins[origins.count - 1] }

    /// The line of the text that line `number` (from 1) of the feed came from.
    func line(_ number: CInt) -> Int {
        origins[min(max(Int(number) - 1, 0), origins.count - 1)]
    }
}
