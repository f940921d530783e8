/// Makes chunks from the passages of a group of sections.
struct ChunkWriter {
    private let input: ChunkingInput
    private let sections: [DocumentSection]

    init(_ input: ChunkingInput, sections: [DocumentSection]) {
        self.input = input
        self.sections = sections
    }

    func chunk(_ passage: Passage, ordinal: Int) -> Chunk {
        let (first, last) = (passage.units[0], passage.units[passage.units.count - 1])
        let bytes = first.bytes.lowerBound..<last.bytes.upperBound
        let span = input.source.scalarOffsets(of: bytes)
        let content = (passage.head?.text ?? "") + input.source.string(bytes)
        let path = headingPath(of: passage.units)
        return Chunk(
            ordinal: ordinal, content: content, headingPath: path, charStart: span.lowerBound, charEnd: span.upperBound,
            pageFrom: input.document.blocks[first.block].page, pageTo: input.document.blocks[last.block].page,
            tokenCount: input.counter.count(content), context: context(of: passage.units, path: path))
    }

    /// The headings that all sections with text in the passage share; a section that shows only its heading is not asked.
    private func headingPath(of units: [TextUnit]) -> [String] {
        let withText = units.filter { $0.kind != .heading }
        let asked = withText.isEmpty ? units : withText
        let first = sections[asked[0].section]
        let shared = asked.reduce(first.ancestry.count) { min($0, first.kinship(with: sections[$1.section])) }
        return first.ancestry.prefix(shared).compactMap { input.document.blocks[$0].headingText }.filter { !$0.isEmpty }
    }

    /// The title and the headings of the path that do not stand in the passage itself.
    private func context(of units: [TextUnit], path: [String]) -> String {
        let shown = Set(units.compactMap { $0.kind == .heading ? input.document.blocks[$0.block].headingText : nil })
        let title = input.document.title.flatMap { path.first == $0 ? nil : $0 }
        return ((title.map { [$0] } ?? []) + path).filter { !shown.contains($0) }.joined(separator: " > ")
    }
}
