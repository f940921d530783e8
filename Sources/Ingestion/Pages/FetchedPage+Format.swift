import Extraction
import Foundation

extension FetchedPage {
    /// The name under which the page is read: the type the server tells decides, and the address where that type tells nothing.
    func readableName() throws(ExtractionError) -> String {
        let parts = (contentType ?? "").split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        if let charset = parts.dropFirst().first(where: { $0.hasPrefix("charset=") })?.dropFirst("charset=".count) {
            let name = charset.trimmingCharacters(in: CharacterSet(charactersIn: "\""))
            guard Self.readableCharsets.contains(name) else { throw .unsupportedEncoding(name: String(name.prefix(50))) }
        }
        switch parts.first ?? "" {
        case "text/markdown", "text/x-markdown": return "page.md"
        // Servers of source code send Markdown as plain text.
        case "text/plain": return location.url.pathExtension.lowercased() == "md" ? "page.md" : "page.txt"
        case "", "application/octet-stream", "binary/octet-stream": return location.url.lastPathComponent
        case let other: throw .unsupported(type: String(other.prefix(100)))
        }
    }

    /// Those whose texts are UTF-8, or begin with the mark that tells UTF-16.
    private static let readableCharsets: Set<String> = ["utf-8", "utf8", "us-ascii", "ascii", "utf-16"]
}
