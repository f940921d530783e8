/// Reads a web page: what a visitor would read of it, without what surrounds it on every page of a site.
///
/// The page is parsed by libxml2 and walked without recursion. Takes about ten times the page's bytes in memory.
struct HTMLReader {
    /// - Throws: what ``SourceDecoder`` throws; ``ExtractionError/overLimit(resource:)`` for a page of 2 GiB or more.
    func read(_ bytes: [UInt8]) throws(ExtractionError) -> ExtractedDocument {
        let page = try SourceDecoder.decode(bytes, declared: HTMLCharset.declared(in: bytes))
        guard page.utf8.count < Int32.max else { throw .overLimit(resource: "2 GiB of markup") }
        let tree = try HTMLTreeParser.parse(page)
        let content = HTMLContent(of: tree)
        var flow = HTMLFlow(content, builder: DocumentBuilder(expectedBytes: page.utf8.count))
        for part in content.parts { flow.write(part) }
        let title = tree.first(.title).map { HTMLFlatText.of($0, in: content) }
        return flow.builder.document(.html, title: title.map { Self.withoutSite($0, flow.builder.blocks) })
    }

    /// The title without what pages of a site add to it, as far as the first heading shows where that begins.
    private static func withoutSite(_ title: String, _ blocks: [Block]) -> String {
        let heading = blocks.lazy.compactMap(\.headingText).first ?? ""
        guard !heading.isEmpty, title.hasPrefix(heading) else { return title }
        let rest = title.dropFirst(heading.count)
        return rest.first == " " && rest.dropFirst().first?.isPunctuation != false || rest.dropFirst().first == "|" ? heading : title
    }
}
