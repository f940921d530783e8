import TextAnalysis
import Testing

@testable import Extraction

@Suite struct SentenceShortcutTests {
    /// The cutter skips the sentence rules for text that looks like one sentence; it must agree with them all the same.
    @Test(arguments: 0..<40)
    func shortcutAgreesWithTheSentenceRules(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let words = [
            "item", "文書", "かな", "カナ", "한국어", "끝", "。", "！", "?", "x.", "।", "؟", "…", "(a)", "「", "」", "\u{3000}", "ꓸ", "\n", ",", ":",
        ]
        for _ in 0..<50 {
            let text =
                "a"
                + (0..<Int.random(in: 1...6, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }.joined(separator: " ")
                + " b"
            let document = ExtractedDocument(
                mediaType: .plainText, title: nil, text: text,
                blocks: [Block(kind: .listItem, range: 0..<text.unicodeScalars.count, page: nil, headingText: nil)])
            let source = SourceText(text)
            let units = try UnitCutter(source: source, limit: 350).units(
                of: document.blocks, in: DocumentSection.sections(of: document.blocks))
            #expect(units.count == SentenceSegmenter().sentences(in: text).count, "\(text.debugDescription)")
        }
    }
}
