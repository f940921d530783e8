import CXML

/// Makes the tree of a page from what libxml2 reports.
///
/// The page's own tree of libxml2 is not built: it would stop at a depth of 256.
final class HTMLTreeParser {
    private var tree = HTMLTree()
    /// The elements that are open inside one that is never read, that one included; 0 outside.
    private var unreadDepth = 0

    private static let isReady: Void = xmlInitParser()

    /// The tree of a page of less than 2 GiB.
    /// - Throws: ``ExtractionError/overLimit(resource:)`` when memory is missing.
    static func parse(_ page: String) throws(ExtractionError) -> HTMLTree {
        _ = isReady
        let parser = HTMLTreeParser()
        var handler = htmlSAXHandler()
        handler.startElement = { context, name, values in HTMLTreeParser.of(context)?.begin(name, values) }
        handler.endElement = { context, _ in HTMLTreeParser.of(context)?.finish() }
        handler.characters = { context, bytes, length in HTMLTreeParser.of(context)?.add(bytes, length) }
        handler.ignorableWhitespace = handler.characters
        handler.cdataBlock = handler.characters
        let context = Unmanaged.passUnretained(parser).toOpaque()
        var page = page
        let isParsed = page.withUTF8 { buffer in
            buffer.withMemoryRebound(to: CChar.self) { bunko_html_parse($0.baseAddress, Int32(clamping: $0.count), &handler, context) }
        }
        guard isParsed else { throw .overLimit(resource: "the free memory") }
        parser.tree.finishAll()
        return parser.tree
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> HTMLTreeParser? {
        context.map { Unmanaged<HTMLTreeParser>.fromOpaque($0).takeUnretainedValue() }
    }

    private func begin(_ name: UnsafePointer<xmlChar>?, _ values: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?) {
        let tag = name.map { HTMLTag(name: String(cString: $0).lowercased()) } ?? .other
        if unreadDepth > 0 || tag.isNeverRead {
            unreadDepth += 1
        } else {
            tree.begin(tag, Self.attributes(values))
        }
    }

    private func finish() {
        if unreadDepth > 0 {
            unreadDepth -= 1
        } else {
            tree.finish()
        }
    }

    private func add(_ bytes: UnsafePointer<xmlChar>?, _ length: CInt) {
        guard unreadDepth == 0, length > 0 else { return }
        tree.add(UnsafeBufferPointer(start: bytes, count: Int(length)))
    }

    /// Names and values take turns; a name that is missing ends them.
    private static func attributes(_ values: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?) -> HTMLAttributes? {
        guard var next = values else { return nil }
        var attributes: HTMLAttributes?
        while let name = next[0] {
            let word = String(cString: name)
            if known.contains(word) {
                if attributes == nil { attributes = HTMLAttributes() }
                attributes?.set(word, next[1].map { String(cString: $0) })
            }
            next += 2
        }
        return attributes
    }

    private static let known: Set = [
        "hidden", "aria-hidden", "style", "open", "href", "role", "alt", "colspan", "rowspan", "start", "value", "class", "id",
    ]
}
