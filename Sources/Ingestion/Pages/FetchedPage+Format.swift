import Extraction
import Foundation

extension FetchedPage {
    /// The name under which the page is read: the type the server tells decides, and the address where that type tells nothing. The content
    /// goes before either.
    func readableName() throws(ExtractionError) -> String {
        let told = (contentType ?? "").split(separator: ";").first.map { $0.trimmingCharacters(in: .whitespaces).lowercased() } ?? ""
        switch told {
        case "text/markdown", "text/x-markdown": return "page.md"
        // Servers of source code send Markdown as plain text.
        case "text/plain": return location.url.pathExtension.lowercased() == "md" ? "page.md" : "page.txt"
        case "application/xhtml+xml": return "page.html"
        case "application/x-ndjson": return "page.jsonl"
        case "", "application/octet-stream", "binary/octet-stream": return location.url.lastPathComponent
        default:
            guard let type = MediaType(rawValue: told) else { throw .unsupported(type: String(told.prefix(100))) }
            return "page.\(type.shortName)"
        }
    }
}
