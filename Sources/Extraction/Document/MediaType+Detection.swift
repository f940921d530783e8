extension MediaType {
    /// What a file is: by its content where that is telling, else by the extension of its name; text of any other name is plain text.
    ///
    /// - Throws: ``ExtractionError/emptyFile``, ``ExtractionError/binary(looksLike:)``, ``ExtractionError/unsupportedEncoding(name:)`` or
    ///   ``ExtractionError/unsupported(type:)``. Damage further inside a text is found when it is decoded.
    public static func detect(bytes: [UInt8], fileName: String) throws(ExtractionError) -> MediaType {
        guard !bytes.isEmpty else { throw .emptyFile }
        let encoding = try TextEncoding.detect(bytes)
        if encoding == .utf8, let looksLike = BinarySignature.name(of: bytes) {
            throw .binary(looksLike: looksLike)
        }
        let fileExtension = fileExtension(of: fileName)
        switch fileExtension {
        case "md", "markdown", "mdown", "mkd": return .markdown
        case "txt", "text": return .plainText
        default: break
        }
        if let type = unsupportedTypes[fileExtension] ?? unsupportedType(of: bytes) {
            throw .unsupported(type: type)
        }
        return .plainText
    }

    static var supportedNames: String {
        "plain text (.txt) and Markdown (.md)"
    }

    private static func fileExtension(of fileName: String) -> String {
        let name = fileName.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    /// Formats whose content is text too, but whose marks would only disturb when read as prose.
    private static func unsupportedType(of bytes: [UInt8]) -> String? {
        let start = String(decoding: bytes.prefix(256), as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return "text/html" }
        if start.hasPrefix("{\\rtf") { return "application/rtf" }
        if start.hasPrefix("%!ps") { return "application/postscript" }
        return nil
    }

    private static let unsupportedTypes = [
        "htm": "text/html", "html": "text/html", "xhtml": "application/xhtml+xml", "xml": "application/xml",
        "csv": "text/csv", "tsv": "text/tab-separated-values",
        "json": "application/json", "jsonl": "application/jsonl", "ndjson": "application/jsonl",
        "rtf": "application/rtf", "ps": "application/postscript", "pdf": "application/pdf",
        "doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ]
}
