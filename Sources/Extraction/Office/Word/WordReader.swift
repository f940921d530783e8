/// Reads Word documents.
///
/// Left out: headers and footers, which repeat on every page; tables of contents, which repeat the headings; comments; hidden text;
/// and what tracked changes deleted. There are no pages: where a page ends is decided by whoever prints the document.
struct WordReader {
    private let package: OfficePackage
    private let main: String

    /// - Parameter main: the part with the body.
    init(_ package: OfficePackage, main: String) {
        self.package = package
        self.main = main
    }

    func document() throws(ExtractionError) -> ExtractedDocument {
        let relationships = try Relationships(of: main, in: package)
        let styles = try WordStyles(part: relationships.first(ofType: "styles"), of: package)
        let numbering = try WordNumbering(part: relationships.first(ofType: "numbering"), of: package, styles: styles)
        let notes = try WordNotes(package, styles: styles, numbering: numbering, relationships: relationships)
        let context = WordContext(package, styles: styles, numbering: numbering, relationships: relationships, notes: notes)
        var writer = WordWriter(context: context, notes: notes)
        try readBody(context, into: &writer)
        return try writer.document(title: DeclaredTitle.title(of: package))
    }

    private func readBody(_ context: WordContext, into writer: inout WordWriter) throws(ExtractionError) {
        guard let stream = try package.stream(main), let root = try stream.root() else {
            throw .damaged(format: package.format, reason: "its part \(main) is missing")
        }
        var blocks = WordBlockReader(root, of: stream, context: context)
        while let block = try blocks.next() { try writer.append(block) }
    }
}
