/// The formats that are read.
public enum MediaType: String, Sendable, CaseIterable, Codable {
    case plainText = "text/plain"
    case markdown = "text/markdown"
    case html = "text/html"
    case pdf = "application/pdf"
    case docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    case pptx = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    case xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    case csv = "text/csv"
    case tsv = "text/tab-separated-values"
    case json = "application/json"
    case jsonl = "application/jsonl"

    /// What filters, settings and people call it.
    public var shortName: String {
        switch self {
        case .plainText: "txt"
        case .markdown: "md"
        case .html: "html"
        case .pdf: "pdf"
        case .docx: "docx"
        case .pptx: "pptx"
        case .xlsx: "xlsx"
        case .csv: "csv"
        case .tsv: "tsv"
        case .json: "json"
        case .jsonl: "jsonl"
        }
    }

    /// Whether its parser is C code or takes untrusted sizes from the file, so that it runs in a process of its own.
    public var isReadInIsolation: Bool {
        switch self {
        case .plainText, .markdown, .csv, .tsv, .json, .jsonl: false
        case .html, .pdf, .docx, .pptx, .xlsx: true
        }
    }
}
