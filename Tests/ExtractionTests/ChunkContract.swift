import TextAnalysis
import Testing

@testable import Extraction

/// Expects what every list of chunks promises, whatever the document.
func expectContract(
    of chunks: [Chunk], for document: ExtractedDocument, _ configuration: ChunkingConfiguration = .init(),
    counter: TokenCounter = .estimate, sourceLocation: SourceLocation = #_sourceLocation
) {
    let contract = ChunkContract(
        chunks: chunks, input: ChunkingInput(document: document, configuration: configuration, counter: counter), at: sourceLocation)
    contract.expectSlices()
    contract.expectOrder()
    contract.expectCoverage()
    contract.expectHeads()
    contract.expectTopHeadings()
}

/// The promises, one by one.
struct ChunkContract {
    private let chunks: [Chunk]
    private let input: ChunkingInput
    private let scalars: [Unicode.Scalar]
    private let location: SourceLocation
    private var document: ExtractedDocument { input.document }

    init(chunks: [Chunk], input: ChunkingInput, at location: SourceLocation = #_sourceLocation) {
        self.chunks = chunks
        self.input = input
        self.location = location
        scalars = Array(input.document.text.unicodeScalars)
    }

    /// The content ends with the exact slice, trimmed, and is as large as it says and not too large.
    func expectSlices() {
        for (index, chunk) in chunks.enumerated() {
            let range = chunk.charStart..<chunk.charEnd
            #expect(chunk.ordinal == index, sourceLocation: location)
            #expect(
                chunk.content.unicodeScalars.suffix(range.count).elementsEqual(scalars[range]), "an exact slice", sourceLocation: location)
            #expect(!isSpace(range.lowerBound) && !isSpace(range.upperBound - 1), "trimmed", sourceLocation: location)
            #expect(chunk.tokenCount == input.counter.count(chunk.content), sourceLocation: location)
            #expect(chunk.tokenCount <= input.configuration.maximumTokens, sourceLocation: location)
            #expect(chunk.embeddingText.hasSuffix(chunk.content), sourceLocation: location)
        }
    }

    /// Both ends ascend, and chunks overlap within one section only.
    func expectOrder() {
        var headings = document.blocks.filter { $0.headingText != nil }.map(\.range.lowerBound)[...]
        for (previous, next) in zip(chunks, chunks.dropFirst()) {
            #expect(previous.charStart < next.charStart && previous.charEnd < next.charEnd, "ascending", sourceLocation: location)
            headings = headings.drop { $0 < next.charStart }
            let crossesHeading = headings.first.map { $0 < previous.charEnd } == true
            #expect(!crossesHeading, "overlap inside one section", sourceLocation: location)
        }
    }

    /// Every visible scalar is in a chunk, but for front matter, which is in none.
    func expectCoverage() {
        var isCovered = [Bool](repeating: false, count: scalars.count)
        for chunk in chunks {
            for position in chunk.charStart..<chunk.charEnd { isCovered[position] = true }
        }
        for block in document.blocks where block.kind == .frontMatter {
            #expect(!isCovered[block.range].contains(true), "front matter is no content", sourceLocation: location)
            for position in block.range { isCovered[position] = true }
        }
        let lost = scalars.indices.first { !isCovered[$0] && !isSpace($0) }
        #expect(lost == nil, "every visible scalar is covered", sourceLocation: location)
    }

    /// A passage that begins in the rows of a table shows its head, unless that is too large; no other shows anything in front.
    func expectHeads() {
        let tables = document.blocks.indices.filter { document.blocks[$0].kind == .table }
        for chunk in chunks {
            let table = tables.first { document.blocks[$0].range.contains(chunk.charStart) }
            let linesBefore = table.map { scalars[document.blocks[$0].range.lowerBound..<chunk.charStart].count { $0 == "\n" } } ?? 0
            let expected = linesBefore < 2 ? nil : table.flatMap { TableHead(of: $0, input) }?.text
            let head = String(String.UnicodeScalarView(chunk.content.unicodeScalars.dropLast(chunk.charEnd - chunk.charStart)))
            let isTooLarge = input.counter.count((expected ?? "") + chunk.content) > input.configuration.maximumTokens
            #expect(head == expected ?? "" || (head.isEmpty && isTooLarge), sourceLocation: location)
        }
    }

    /// No passage holds text of two top headings.
    func expectTopHeadings() {
        let sections = Array(DocumentSections(of: document.blocks))
        let tops = zip(sections, sections.dropFirst()).filter { !$0.sharesTop(with: $1) }.map {
            document.blocks[$1.blocks.lowerBound].range.lowerBound
        }
        for chunk in chunks {
            #expect(!tops.contains { $0 > chunk.charStart && $0 < chunk.charEnd }, "one top heading", sourceLocation: location)
        }
    }

    /// Rows of tables, lines of code and sentences that fit are whole in the chunks that hold their ends.
    func expectWholeParts() {
        let ends = Set(chunks.flatMap { [$0.charStart, $0.charEnd] })
        for block in document.blocks.indices where input.isContent(block) {
            for part in parts(ofBlock: block) where input.tokens(part) <= input.configuration.targetTokens {
                let range = input.source.scalarOffsets(of: part)
                let cut = range.dropFirst().first { ends.contains($0) }
                #expect(cut == nil, "\(document.blocks[block].kind) is whole: \(input.source.string(part))", sourceLocation: location)
            }
        }
    }

    private func parts(ofBlock block: Int) -> [Range<Int>] {
        let bytes = input.bytes(ofBlock: block)
        let slice = input.source.bytes[bytes]
        guard !document.blocks[block].kind.isOfLines else { return slice.split(separator: 0x0A).map { trim($0.startIndex..<$0.endIndex) } }
        let ends = SentenceSegmenter().sentenceEnds(in: slice)
        return zip([bytes.lowerBound] + ends, ends).map { trim($0..<$1) }
    }

    private func trim(_ bytes: Range<Int>) -> Range<Int> {
        WhiteSpace.trim(bytes, in: input.source.bytes)
    }

    private func isSpace(_ position: Int) -> Bool {
        scalars[position].properties.isWhitespace
    }
}
