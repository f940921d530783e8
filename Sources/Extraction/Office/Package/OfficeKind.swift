/// The three families of Office documents that are read, with their templates and macro-enabled variants.
enum OfficeKind: CaseIterable {
    case word, presentation, spreadsheet

    var mediaType: MediaType {
        switch self {
        case .word: .docx
        case .presentation: .pptx
        case .spreadsheet: .xlsx
        }
    }

    /// What errors call such a file.
    var format: String {
        switch self {
        case .word: "Word document"
        case .presentation: "PowerPoint presentation"
        case .spreadsheet: "Excel workbook"
        }
    }

    /// Where the main part stands in what the usual writers write.
    var usualMainPart: String {
        switch self {
        case .word: "word/document.xml"
        case .presentation: "ppt/presentation.xml"
        case .spreadsheet: "xl/workbook.xml"
        }
    }

    /// The kind whose main part has `contentType`; nil for any other part and for binary workbooks (xlsb).
    init?(contentType: String) {
        let type = contentType.lowercased()
        guard type.hasSuffix(".main+xml") else { return nil }
        let families: [(OfficeKind, [String])] = [
            (.word, ["wordprocessingml", "ms-word"]),
            (.presentation, ["presentationml", "ms-powerpoint"]),
            (.spreadsheet, ["spreadsheetml", "ms-excel"]),
        ]
        guard let family = families.first(where: { $0.1.contains { type.contains($0) } }) else { return nil }
        self = family.0
    }
}
