import Testing

@testable import Extraction

/// Expects what every list of chunks promises, whatever the document.
func expectContract(
    of chunks: [Chunk], for document: ExtractedDocument, _ configuration: ChunkingConfiguration = .init(),
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let scalars = Array(document.text.unicodeScalars)
    var isCovered = [Bool](repeating: false, count: scalars.count)
    for (index, chunk) in chunks.enumerated() {
        let range = chunk.charStart..<chunk.charEnd
        #expect(chunk.ordinal == index, sourceLocation: sourceLocation)
        #expect(chunk.content.unicodeScalars.elementsEqual(scalars[range]), "an exact slice", sourceLocation: sourceLocation)
        #expect(
            scalars[range].first?.properties.isWhitespace == false && scalars[range].last?.properties.isWhitespace == false, "trimmed",
            sourceLocation: sourceLocation)
        #expect(chunk.tokenCount <= configuration.maximumTokens, sourceLocation: sourceLocation)
        #expect(chunk.embeddingText.hasSuffix(chunk.content), sourceLocation: sourceLocation)
        for position in range { isCovered[position] = true }
    }
    var headings = document.blocks.filter { $0.headingText != nil }.map(\.range.lowerBound)[...]
    for (previous, next) in zip(chunks, chunks.dropFirst()) {
        #expect(previous.charStart < next.charStart && previous.charEnd < next.charEnd, "ascending", sourceLocation: sourceLocation)
        headings = headings.drop { $0 < next.charStart }
        let crossesHeading = headings.first.map { $0 < previous.charEnd } == true
        #expect(!crossesHeading, "overlap inside one section", sourceLocation: sourceLocation)
    }
    for block in document.blocks where block.kind == .frontMatter {
        #expect(!isCovered[block.range].contains(true), "front matter is no content", sourceLocation: sourceLocation)
        for position in block.range { isCovered[position] = true }
    }
    let lost = scalars.indices.first { !isCovered[$0] && !scalars[$0].properties.isWhitespace }
    #expect(lost == nil, "every visible scalar is covered", sourceLocation: sourceLocation)
}
