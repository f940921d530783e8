import Testing

@testable import Extraction

/// The contract of chunks on random documents.
@Suite struct ChunkerPropertyTests {
    @Test(arguments: 0..<150)
    func randomDocumentsKeepTheContract(seed: UInt64) throws {
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

/// Documents out of random lines: whole constructs, torn constructs and noise.
enum RandomDocument {
    static func text(using random: inout SeededGenerator) -> String {
        let count = Int.random(in: 1...120, using: &random)
        let lines = (0..<count).map { _ in line(using: &random) }
        return "x\n" + lines.joined(separator: ["\n", "\r\n", "\n\n"].randomElement(using: &random) ?? "\n")
    }

    static func configuration(using random: inout SeededGenerator) -> ChunkingConfiguration {
        var configuration = ChunkingConfiguration()
        configuration.targetTokens = [16, 40, 120, 350].randomElement(using: &random) ?? 350
        configuration.maximumTokens = configuration.targetTokens + Int.random(in: 0...100, using: &random)
        configuration.minimumTokens = Int.random(in: 0..<configuration.targetTokens / 2, using: &random)
        configuration.overlapFraction = [0, 0.15, 0.5].randomElement(using: &random) ?? 0.15
        return configuration
    }

    private static let starts = [
        "", "", "", "", "# ", "## ", "### ", "###### ", "- ", "  - ", "1. ", "> ", "> - ", "    ", "\t", "```", "~~~ ", "<div>", "<!-- ",
        "| ", "\u{3000}", "[a]: ",
    ]
    private static let wholeLines = [
        "", "", "---", "===", "***", "|---|---|", "| a | b |", "```", "-->", "-", ">", "...", "1. TITLE", "第1条", "제1장 총칙", "[x]: http://y",
        " \t", "\u{2028}", "\u{A0}",
    ]
    private static let words = [
        "alpha", "beta.", "gamma,", "Delta!", "문장입니다.", "한국어", "日本語の文です。", "漢字、", "e\u{301}", "🙂", "👩‍👩‍👧", "|", "`code`", "*x*", "[l](u)",
        "3.14", "e.g.", "\u{200B}",
        "averyveryverylongwordwithoutanyspaceinsidewhateverhappens", "\u{1112}\u{1161}\u{11AB}",
    ]

    private static func line(using random: inout SeededGenerator) -> String {
        if Int.random(in: 0..<3, using: &random) == 0 { return wholeLines.randomElement(using: &random) ?? "" }
        let count = Int.random(in: 0...(Bool.random(using: &random) ? 6 : 60), using: &random)
        let text = (0..<count).map { _ in words.randomElement(using: &random) ?? "" }
        return (starts.randomElement(using: &random) ?? "") + text.joined(separator: Bool.random(using: &random) ? " " : "")
    }
}
