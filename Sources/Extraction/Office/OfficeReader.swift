/// Reads Word documents, PowerPoint presentations and Excel workbooks (ECMA-376, since Office 2007), their templates and
/// macro-enabled variants, by what they hold and not by their names.
///
/// What is never read: macros, comments, embedded files, pictures, headers and footers (they repeat on every page), and anything a
/// document only links to.
struct OfficeReader {
    private let limits: OfficeLimits

    init(limits: OfficeLimits = .init()) {
        self.limits = limits
    }

    /// The document in `bytes`.
    ///
    /// Takes time in proportion to the unpacked bytes; memory for the text, one table, and what cells and paragraphs share (styles,
    /// strings).
    /// - Throws: `locked`, `damaged`, `overLimit`, `noText`, or `unsupported` for another kind of archive or an older Office format.
    func read(_ bytes: [UInt8]) throws(ExtractionError) -> ExtractedDocument {
        if let container = OLEContainer(bytes) { throw container.refusal }
        let budget = ReadingBudget(limits, fileBytes: bytes.count)
        let document = try bytes.withUnsafeBufferPointer { (buffer) throws(ExtractionError) in
            let package = try OfficePackage(UnsafeRawBufferPointer(buffer), format: Self.format, budget: budget)
            guard let main = try MainPart(of: package) else { throw .unsupported(type: "application/zip") }
            return try Self.document(main, in: package.named(main.kind.format))
        }
        guard !document.text.isEmpty else { throw .noText }
        return document
    }

    /// What kind of Office document a ZIP archive is, from its directory and its two smallest parts; nil for another archive.
    /// - Throws: `damaged` when it is no whole ZIP archive, `locked` when those parts are encrypted.
    static func mediaType(ofArchive bytes: [UInt8]) throws(ExtractionError) -> MediaType? {
        let budget = ReadingBudget(.init(), fileBytes: bytes.count)
        return try bytes.withUnsafeBufferPointer { (buffer) throws(ExtractionError) in
            let package = try OfficePackage(
                UnsafeRawBufferPointer(buffer), format: format, budget: budget,
                keeps: { $0 == "[content_types].xml" || $0 == "_rels/.rels" })
            return try MainPart(of: package)?.kind.mediaType
        }
    }

    private static let format = "Office document"

    private static func document(_ main: MainPart, in package: OfficePackage) throws(ExtractionError) -> ExtractedDocument {
        switch main.kind {
        case .word: try WordReader(package, main: main.name).document()
        case .presentation: try PresentationReader(package, main: main.name).document()
        case .spreadsheet: try SpreadsheetReader(package, main: main.name).document()
        }
    }
}
