import CCommonMark

/// Inline Markdown as plain words, for headings.
enum MarkdownInlines {
    /// What is read of one heading, so that its cost stays bounded whatever it holds.
    private static let longestSource = 1024
    private static let longestText = 200

    /// The words of the heading in `lines` without its marks and markup, on one line; at most 200 scalars.
    static func plainText(of lines: Range<Int>, in table: LineTable) -> String {
        let source = table.trimmed(lines)
        var end = min(source.upperBound, source.lowerBound + longestSource)
        while end < source.upperBound, table.source.bytes[end] & 0xC0 == 0x80 { end -= 1 }
        let text = words(of: table.source.bytes[source.lowerBound..<end])
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return String(String.UnicodeScalarView(line.unicodeScalars.prefix(longestText)))
    }

    private static func words(of source: ArraySlice<UInt8>) -> String {
        let parsed = source.withUnsafeBytes { buffer in
            cmark_parse_document(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, CMARK_OPT_DEFAULT)
        }
        guard let root = parsed else { return "" }
        defer { cmark_node_free(root) }
        guard let iterator = cmark_iter_new(root) else { return "" }
        defer { cmark_iter_free(iterator) }
        var words = ""
        while case let event = cmark_iter_next(iterator), event != CMARK_EVENT_DONE {
            guard event == CMARK_EVENT_ENTER, let node = cmark_iter_get_node(iterator) else { continue }
            switch cmark_node_get_type(node) {
            case CMARK_NODE_TEXT, CMARK_NODE_CODE: words += cmark_node_get_literal(node).map { String(cString: $0) } ?? ""
            case CMARK_NODE_SOFTBREAK, CMARK_NODE_LINEBREAK: words += " "
            default: break
            }
        }
        return words
    }
}
