import TextAnalysis
import Testing

@testable import Extraction

@Suite struct SentenceShortcutTests {
    /// The cutter skips the sentence rules for text that looks like one sentence; it must agree with them all the same.
    @Test(arguments: 0..<40)
    func shortcutAgreesWithTheSentenceRules(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let words = [
            "item", "文書", "かな", "カナ", "한국어", "끝", "。", "！", "?", "x.", "।", "؟", "…", "(a)", "「", "」", "\u{3000}", "ꓸ", "\n", ",", ":",
        ]
        for _ in 0..<50 {
            let text =
                "a"
                + (0..<Int.random(in: 1...6, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }.joined(separator: " ")
                + " b"
            let ends = SentenceSegmenter().sentenceEnds(in: Array(text.utf8)[...])
            #expect(!SentenceShortcut.isOneSentence(Array(text.utf8)[...]) || ends.count == 1, "\(text.debugDescription)")
        }
    }
}
