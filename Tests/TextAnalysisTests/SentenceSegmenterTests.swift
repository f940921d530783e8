import Testing
import TextAnalysis

@Suite struct SentenceSegmenterTests {
    private func sentences(_ text: String) -> [String] {
        SentenceSegmenter().sentences(in: text).map { String(text[$0]) }
    }

    @Test(arguments: [
        ("It rained. We stayed in.", ["It rained. ", "We stayed in."]),
        (
            "Dr. Smith paid 3.5 dollars, e.g. to Mr. J. R. Jones. He left.",
            ["Dr. Smith paid 3.5 dollars, e.g. to Mr. J. R. Jones. ", "He left."]
        ),
        ("She joined the U.S. Army. He left the U.S. The end!", ["She joined the U.S. Army. ", "He left the U.S. ", "The end!"]),
        ("See Fig. 3 on example.com now. He said no. Then he went.", ["See Fig. 3 on example.com now. ", "He said no. ", "Then he went."]),
        ("\"Really?\" she said. “Oh!” he cried.", ["\"Really?\" she said. ", "“Oh!” he cried."]),
        ("1. First things first. Then more.", ["1. First things first. ", "Then more."]),
        ("Use v1.2. It ends at 5 p.m. The door shuts.", ["Use v1.2. ", "It ends at 5 p.m. ", "The door shuts."]),
    ])
    func english(text: String, expected: [String]) {
        #expect(sentences(text) == expected)
    }

    @Test(arguments: [
        ("그는 갔다. 안녕하세요. 뭐라고요? 좋아요!", ["그는 갔다. ", "안녕하세요. ", "뭐라고요? ", "좋아요!"]),
        ("꽃이 예쁘다.그리고 값은 3.5배 늘었다. 끝.", ["꽃이 예쁘다.", "그리고 값은 3.5배 늘었다. ", "끝."]),
    ])
    func korean(text: String, expected: [String]) {
        #expect(sentences(text) == expected)
    }

    @Test(arguments: [
        ("彼は走った！本当？そうです。終わり", ["彼は走った！", "本当？", "そうです。", "終わり"]),
        ("「はい。」と言った。「行こう。」彼は立った。", ["「はい。」と言った。", "「行こう。」", "彼は立った。"]),
        ("（例：山。）次の文。", ["（例：山。）", "次の文。"]),
    ])
    func japanese(text: String, expected: [String]) {
        #expect(sentences(text) == expected)
    }

    @Test(arguments: [
        ("It was\nlate. So\r\nwe left.", ["It was\nlate. ", "So\r\nwe left."]),
        ("# Heading\n\nText after\n \t\n\nmore", ["# Heading\n\n", "Text after\n \t\n\n", "more"]),
        ("Title\r\n\r\nBody.", ["Title\r\n\r\n", "Body."]),
        ("日本\n語の文。\n次", ["日本\n語の文。\n", "次"]),
        ("one\u{2028}line\u{2029}two", ["one\u{2028}line\u{2029}", "two"]),
        ("\n\n  Hello. ", ["\n\n  Hello. "]),
        ("   ", ["   "]),
        ("", []),
    ])
    func lineBreaks(text: String, expected: [String]) {
        #expect(sentences(text) == expected)
    }

    /// Where nothing ends a sentence, no proposed end may look back to its beginning.
    @Test(.timeLimit(.minutes(3)), arguments: ["1.A", "\u{2028}"]) func longRunsTakeNoQuadraticTime(part: String) {
        #expect(sentences(String(repeating: part, count: 300_000)).count == 1)
    }

    @Test func rangesCoverAnyTextWithoutGaps() {
        let pieces = [
            "Dr. ", "a.", "\r\n", "\n", " ", "\n\n", "。", "「", "」", "と", "다. ", "?", "\"", "U.S. ", "1. ", "\u{2028}", "\u{2029}",
            "\u{3000}", "e\u{301}", "👩‍👩‍👧", "9",
        ]
        var generator = SplitMix(state: 7)
        for _ in 0..<500 {
            let text = (0..<Int.random(in: 0...30, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            let ranges = SentenceSegmenter().sentences(in: text)
            #expect(ranges.map { String(text[$0]) }.joined() == text)
            #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
            let isBlank = text.allSatisfy(\.isWhitespace)
            #expect(isBlank || ranges.allSatisfy { range in !text[range].allSatisfy(\.isWhitespace) }, "\(text.debugDescription)")
        }
    }
}

/// A seeded generator, so that a failing text is the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return StableHash.mixed(state)
    }
}
