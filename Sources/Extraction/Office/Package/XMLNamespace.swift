/// The vocabularies of Office documents, in their usual ("transitional") and their strict spelling.
enum XMLNamespace: Equatable {
    case none, other
    case word, drawing, presentation, spreadsheet, math, chart, diagram
    /// `mc:AlternateContent`: the same thing for newer and for older readers.
    case compatibility
    /// Attributes such as `r:id`.
    case relationship
    case packageRelationships, contentTypes, coreProperties, dublinCore

    init(uri: String) {
        self = Self.known[uri] ?? (uri.isEmpty ? .none : .other)
    }

    private static let known: [String: XMLNamespace] = [
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main": .word,
        "http://purl.oclc.org/ooxml/wordprocessingml/main": .word,
        "http://schemas.openxmlformats.org/drawingml/2006/main": .drawing,
        "http://purl.oclc.org/ooxml/drawingml/main": .drawing,
        "http://schemas.openxmlformats.org/presentationml/2006/main": .presentation,
        "http://purl.oclc.org/ooxml/presentationml/main": .presentation,
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main": .spreadsheet,
        "http://purl.oclc.org/ooxml/spreadsheetml/main": .spreadsheet,
        "http://schemas.openxmlformats.org/officeDocument/2006/math": .math,
        "http://purl.oclc.org/ooxml/officeDocument/math": .math,
        "http://schemas.openxmlformats.org/drawingml/2006/chart": .chart,
        "http://purl.oclc.org/ooxml/drawingml/chart": .chart,
        "http://schemas.openxmlformats.org/drawingml/2006/diagram": .diagram,
        "http://purl.oclc.org/ooxml/drawingml/diagram": .diagram,
        "http://schemas.openxmlformats.org/markup-compatibility/2006": .compatibility,
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships": .relationship,
        "http://purl.oclc.org/ooxml/officeDocument/relationships": .relationship,
        "http://schemas.openxmlformats.org/package/2006/relationships": .packageRelationships,
        "http://schemas.openxmlformats.org/package/2006/content-types": .contentTypes,
        "http://schemas.openxmlformats.org/package/2006/metadata/core-properties": .coreProperties,
        "http://purl.org/dc/elements/1.1/": .dublinCore,
    ]
}
