import Testing

@testable import Extraction

/// The contract of chunks on random documents.
@Suite struct ChunkerPropertyTests {
    @Test(arguments: 0..<150)
    func randomTextsKeepTheContract(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let text = RandomDocument.text(using: &random)
        let configuration = RandomDocument.configuration(using: &random)
        for name in ["a.md", "a.txt"] {
            let document = try extract(text, as: name)
            expectBlocksPartition(document)
            let chunks = try Chunker(configuration: configuration).chunks(of: document)
            expectContract(of: chunks, for: document, configuration)
            #expect(try Chunker(configuration: configuration).chunks(of: extract(text, as: name)) == chunks, "deterministic")
        }
    }

    @Test(arguments: 0..<150)
    func randomBlocksOnPagesKeepTheContract(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 1000)
        let document = RandomDocument.blocks(using: &random)
        let configuration = RandomDocument.configuration(using: &random)
        let chunks = try Chunker(configuration: configuration).chunks(of: document)
        expectContract(of: chunks, for: document, configuration)
        let input = ChunkingInput(document: document, configuration: configuration, counter: .estimate)
        ChunkContract(chunks: chunks, input: input).expectWholeParts()
        for chunk in chunks {
            let pages = document.blocks.filter { $0.range.overlaps(chunk.charStart..<chunk.charEnd) }.compactMap(\.page)
            #expect(chunk.pageFrom == pages.first && chunk.pageTo == pages.last)
        }
    }

    /// Blocks ascend, do not overlap, are trimmed, and hold every visible scalar.
    private func expectBlocksPartition(_ document: ExtractedDocument) {
        let scalars = Array(document.text.unicodeScalars)
        var end = 0
        for block in document.blocks {
            #expect(block.range.lowerBound >= end && !block.range.isEmpty && block.range.upperBound <= scalars.count)
            #expect(scalars[end..<block.range.lowerBound].allSatisfy { $0.properties.isWhitespace })
            #expect(
                !scalars[block.range.lowerBound].properties.isWhitespace && !scalars[block.range.upperBound - 1].properties.isWhitespace)
            end = block.range.upperBound
        }
        #expect(scalars[end...].allSatisfy { $0.properties.isWhitespace })
    }
}
