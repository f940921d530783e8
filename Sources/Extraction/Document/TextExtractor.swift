/// How much one extraction may take in.
public struct ExtractionLimits: Sendable, Equatable, Codable {
    /// The largest file read, in bytes. Ordinary text takes about 30 bytes of memory for each, a Markdown file of nothing but list marks 200.
    public var maximumBytes: Int

    /// - Parameter maximumBytes: at least 1; 16 MiB when not given.
    public init(maximumBytes: Int = 16 << 20) {
        self.maximumBytes = maximumBytes
    }
}

/// Turns the bytes of a file into structured text with positions. Pure: no files, no network, the same result every time.
public struct TextExtractor: Sendable {
    private let limits: ExtractionLimits

    /// An extractor that refuses files beyond `limits`.
    public init(limits: ExtractionLimits = .init()) {
        self.limits = limits
    }

    /// Reads `bytes` as what their content and then `fileName` say they are.
    ///
    /// Takes time in proportion to the bytes, whatever they are; call it off the cooperative pool for large files.
    public func extract(_ bytes: [UInt8], fileName: String) throws(ExtractionError) -> ExtractedDocument {
        guard !bytes.isEmpty else { throw .emptyFile }
        guard bytes.count <= limits.maximumBytes else {
            throw .tooLarge(bytes: bytes.count, maximumBytes: limits.maximumBytes)
        }
        let mediaType = try MediaType.detect(bytes: bytes, fileName: fileName)
        let document = try read(bytes, as: mediaType)
        guard Self.hasVisibleText(document) else { throw .noText }
        return document
    }

    private func read(_ bytes: [UInt8], as mediaType: MediaType) throws(ExtractionError) -> ExtractedDocument {
        switch mediaType {
        case .plainText: PlainTextReader().read(try SourceDecoder.decode(bytes))
        case .markdown: MarkdownReader().read(try SourceDecoder.decode(bytes))
        case .csv, .tsv: DelimitedTextReader(mediaType: mediaType).read(try SourceDecoder.decode(bytes))
        case .json: try JSONReader().read(try SourceDecoder.decode(bytes))
        case .jsonl: try JSONLinesReader().read(try SourceDecoder.decode(bytes))
        case .html: try HTMLReader().read(bytes)
        case .docx, .pptx, .xlsx: try OfficeReader().read(bytes)
        // Its programs read a file and not bytes: see DocumentReader.
        case .pdf: throw .unsupported(type: mediaType.rawValue)
        }
    }

    private static func hasVisibleText(_ document: ExtractedDocument) -> Bool {
        let end = document.blocks.last { $0.kind == .frontMatter }?.range.upperBound ?? 0
        return document.text.unicodeScalars.dropFirst(end).contains { scalar in
            let properties = scalar.properties
            return !properties.isWhitespace && !properties.isDefaultIgnorableCodePoint && properties.generalCategory != .control
        }
    }
}
