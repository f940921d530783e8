import TestSupport
import Testing

@testable import Extraction

/// The outline of a Word document with this body.
func wordOutline(_ body: String, styles: String = "", numbering: String = "") throws -> [String] {
    try OfficeReader().read(OfficeSample.word(body, styles: styles, numbering: numbering).bytes).outline
}

/// The outline of a workbook with one sheet called "S".
func sheetOutline(_ rows: String, shared: [String] = [], styles: String = "", properties: String = "") throws -> [String] {
    let archive = OfficeSample.workbook([("S", "", rows)], shared: shared, styles: styles, properties: properties)
    let outline = try OfficeReader().read(archive.bytes).outline
    #expect(outline.first == "heading(level: 2): S")
    return Array(outline.dropFirst())
}
