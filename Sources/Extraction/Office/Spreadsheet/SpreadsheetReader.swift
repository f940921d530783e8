/// Reads Excel workbooks: each sheet that can be seen is a section under a heading of level 2, with its cells as tables.
///
/// A merged cell gives its value once, where the file has it. Left out: formulas (their last results stand), comments, pictures,
/// charts, and sheets that are hidden. There are no pages.
struct SpreadsheetReader {
    private struct Sheet {
        let name: String
        let part: String
    }

    private let package: OfficePackage
    private let main: String

    /// - Parameter main: the part that lists the sheets.
    init(_ package: OfficePackage, main: String) {
        self.package = package
        self.main = main
    }

    func document() throws(ExtractionError) -> ExtractedDocument {
        let relationships = try Relationships(of: main, in: package)
        let (sheets, uses1904) = try sheets(relationships)
        let workbook = Workbook(
            strings: try SharedStrings(part: relationships.first(ofType: "sharedStrings"), of: package),
            styles: try CellStyles(part: relationships.first(ofType: "styles"), of: package), uses1904: uses1904)
        var writer = OfficeWriter(budget: package.budget)
        for sheet in sheets { try append(sheet, workbook, to: &writer) }
        return writer.document(.spreadsheet, title: try DeclaredTitle.title(of: package))
    }

    private func append(_ sheet: Sheet, _ workbook: Workbook, to writer: inout OfficeWriter) throws(ExtractionError) {
        guard let stream = try package.stream(sheet.part) else { throw missing(sheet.part) }
        var reader = try SheetReader(stream, workbook: workbook)
        var sheetWriter = SheetWriter(name: sheet.name)
        while let row = try reader.next() { try sheetWriter.append(row, to: &writer) }
        try sheetWriter.finish(&writer)
    }

    private func sheets(_ relationships: Relationships) throws(ExtractionError) -> ([Sheet], uses1904: Bool) {
        guard let stream = try package.stream(main), let root = try stream.root() else { throw missing(main) }
        var sheets: [Sheet] = []
        var uses1904 = false
        while let child = try stream.nextChild(of: root) {
            if child.is(.spreadsheet, "workbookPr") { uses1904 = ["1", "true"].contains(stream.attribute("date1904")) }
            while child.is(.spreadsheet, "sheets"), let sheet = try stream.nextChild(of: child) {
                guard sheet.name == "sheet", !["hidden", "veryHidden"].contains(stream.attribute("state")) else { continue }
                let name = stream.attribute("name") ?? ""
                guard let part = stream.attribute("id", in: .relationship).flatMap(relationships.part) else {
                    throw missing("of sheet \(name)")
                }
                sheets.append(Sheet(name: name, part: part))
            }
        }
        return (sheets, uses1904)
    }

    private func missing(_ part: String) -> ExtractionError {
        .damaged(format: package.format, reason: "its part \(part) is missing")
    }
}
