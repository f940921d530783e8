import TextAnalysis

/// Makes chunks from the units chosen for them.
struct ChunkWriter {
    let document: ExtractedDocument
    let sections: [DocumentSection]
    let units: [TextUnit]
    let source: SourceText
    let configuration: ChunkingConfiguration
    private let estimator = TokenEstimator()

    init(
        document: ExtractedDocument, sections: [DocumentSection], units: [TextUnit], source: SourceText,
        configuration: ChunkingConfiguration
    ) {
        self.document = document
        self.sections = sections
        self.units = units
        self.source = source
        self.configuration = configuration
    }

    func chunk(_ span: UnitSpan, ordinal: Int) -> Chunk {
        let own = units[span.units]
        let bytes = units[span.units.lowerBound].bytes.lowerBound..<units[span.units.upperBound - 1].bytes.upperBound
        let content = source.string(bytes)
        let path = headingPath(of: own)
        return Chunk(
            ordinal: ordinal, content: content, headingPath: path,
            charStart: source.scalarOffset(ofByte: bytes.lowerBound), charEnd: source.scalarOffset(ofByte: bytes.upperBound),
            pageFrom: own.first.flatMap { document.blocks[$0.block].page }, pageTo: own.last.flatMap { document.blocks[$0.block].page },
            tokenCount: estimator.count(content), context: context(of: span, path: path))
    }

    /// The headings that all sections with text in the passage share; a section that shows only its heading is not asked.
    private func headingPath(of own: ArraySlice<TextUnit>) -> [String] {
        let withText = own.filter { $0.kind != .heading }
        let asked = withText.isEmpty ? Array(own) : withText
        guard let first = asked.first else { return [] }
        let shared = asked.reduce(sections[first.section].ancestry.count) { depth, unit in
            unit.section == first.section ? depth : min(depth, sections[first.section].kinship(with: sections[unit.section]))
        }
        return sections[first.section].ancestry.prefix(shared).map { sections[$0].title }.filter { !$0.isEmpty }
    }

    private func context(of span: UnitSpan, path: [String]) -> String {
        let own = units[span.units]
        let shown = Set(own.compactMap { $0.kind == .heading ? document.blocks[$0.block].headingText : nil })
        let title = document.title.flatMap { path.first == $0 ? nil : $0 }
        let names = ((title.map { [$0] } ?? []) + path).filter { !shown.contains($0) }
        return [names.joined(separator: " > "), tableHead(before: span)].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// The titles of the table whose rows the passage begins with; empty when it begins otherwise or the titles have
    /// as many bytes as a passage has tokens.
    private func tableHead(before span: UnitSpan) -> String {
        let first = units[span.units.lowerBound]
        guard document.blocks[first.block].kind == .table else { return "" }
        let range = document.blocks[first.block].range
        let table = source.byteOffset(ofScalar: range.lowerBound)..<source.byteOffset(ofScalar: range.upperBound)
        guard first.bytes.lowerBound > table.lowerBound else { return "" }
        let titles = source.bytes[table].prefix(configuration.targetTokens).prefix { $0 != 0x0A }
        return titles.count < configuration.targetTokens ? String(decoding: titles, as: UTF8.self) : ""
    }
}
