extension MediaType {
    /// What a file is: by its content where that is telling, else by the extension of its name; text of any other name is plain text.
    ///
    /// Formats with a signature are told by it alone. A name that promises one (`.pdf`, `.docx`, `.png`) over content that is text is
    /// wrong: the text is read as plain text. Names that say plain text or Markdown are believed of any text, and those of tables of
    /// any text that is no web page, since their content is not telling. Costs little: at most the file's two ends and, for archives,
    /// their directory are read.
    /// - Throws: ``ExtractionError/emptyFile``, ``ExtractionError/binary(looksLike:)``, ``ExtractionError/locked(format:)`` or
    ///   ``ExtractionError/unsupported(type:)``. Damage further inside is found when the file is read.
    public static func detect(bytes: [UInt8], fileName: String) throws(ExtractionError) -> MediaType {
        guard !bytes.isEmpty else { throw .emptyFile }
        let fileExtension = fileExtension(of: fileName)
        if PDFSignature.isPresent(in: bytes, isNamedPDF: fileExtension == "pdf") { return .pdf }
        if ZIPEntries.isArchive(bytes) { return try office(in: bytes) }
        if CompoundFile.isPresent(in: bytes) { throw CompoundFile(bytes).refusal(fileExtension: fileExtension) }
        if ByteOrderMark(bytes) == nil, ZeroBytePattern.encoding(of: bytes) == nil, let looksLike = BinarySignature.name(of: bytes) {
            throw .binary(looksLike: looksLike)
        }
        return try text(TextBeginning(bytes), fileExtension: fileExtension)
    }

    static var supportedNames: String {
        """
        PDF (.pdf), Word, PowerPoint and Excel (.docx, .pptx, .xlsx), web pages (.html), Markdown (.md), plain text (.txt), tables \
        (.csv, .tsv) and JSON (.json, .jsonl)
        """
    }

    private static func office(in bytes: [UInt8]) throws(ExtractionError) -> MediaType {
        for name in ZIPEntries.names(in: bytes) {
            if name.starts(with: "word/".utf8) { return .docx }
            if name.starts(with: "ppt/".utf8) { return .pptx }
            if name.starts(with: "xl/".utf8) { return .xlsx }
        }
        throw .binary(looksLike: "a ZIP archive")
    }

    private static func text(_ beginning: TextBeginning, fileExtension: String) throws(ExtractionError) -> MediaType {
        switch fileExtension {
        case "md", "markdown", "mdown", "mkd": return .markdown
        case "txt", "text": return .plainText
        default: break
        }
        if beginning.isWebPage { return .html }
        if let type = beginning.unsupportedType { throw .unsupported(type: type) }
        switch fileExtension {
        case "html", "htm", "xhtml": return beginning.hasTags ? .html : .plainText
        case "xml": throw .unsupported(type: "application/xml")
        case "csv": return .csv
        case "tsv", "tab": return .tsv
        case "json": return beginning.jsonShape == .lines ? .jsonl : .json
        case "jsonl", "ndjson": return .jsonl
        default: return beginning.hasJSONEnd ? beginning.jsonShape?.mediaType ?? .plainText : .plainText
        }
    }

    private static func fileExtension(of fileName: String) -> String {
        let name = fileName.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }
}
