/// Reads plain text: paragraphs between blank lines, and the few lines that are headings beyond doubt.
struct PlainTextReader {
    func read(_ text: String) -> ExtractedDocument {
        let source = SourceText(text)
        let blocks = ParagraphScanner(source).map { paragraph in
            let heading = PlainTextHeading.find(in: paragraph, of: source)
            return Block(
                kind: heading.map { .heading(level: $0.level) } ?? .paragraph, range: source.scalarOffsets(of: paragraph), page: nil,
                headingText: heading?.words)
        }
        return ExtractedDocument(.plainText, source: source, blocks: blocks)
    }
}

/// The runs of non-blank lines of a text, as bytes without the white space around them; holds no table of the lines.
struct ParagraphScanner: Sequence, IteratorProtocol {
    private let source: SourceText
    private var position = 0

    init(_ source: SourceText) {
        self.source = source
    }

    mutating func next() -> Range<Int>? {
        var paragraph: Range<Int>?
        while position < source.bytes.count {
            let end = source.bytes[position...].firstIndex(of: 0x0A) ?? source.bytes.count
            let line = WhiteSpace.trim(position..<end, in: source.bytes)
            position = end + 1
            if line.isEmpty {
                if paragraph != nil { break }
            } else {
                paragraph = (paragraph?.lowerBound ?? line.lowerBound)..<line.upperBound
            }
        }
        return paragraph
    }
}
