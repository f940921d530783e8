import Testing
import TextAnalysis

@Suite struct TextNormalizerTests {
    private func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

    @Test func composesCanonically() {
        #expect(scalars(TextNormalizer.nfc("e\u{301}")) == [0xE9])
        #expect(scalars(TextNormalizer.nfc("\u{1112}\u{1161}\u{11AB}")) == [0xD55C])
        #expect(scalars(TextNormalizer.nfc("か\u{3099}")) == [0x304C])
    }

    /// Long texts are composed piece by piece: a mark must still find its base, wherever the pieces end.
    @Test func composesAcrossPieces() {
        for padding in 16_370..<16_390 {
            let composed =
                String(repeating: "a", count: padding) + "e\u{301}b\u{1112}\u{1161}\u{11AB} " + String(repeating: "文\n", count: 9000)
            let expected = String(repeating: "a", count: padding) + "\u{E9}b\u{D55C} " + String(repeating: "文\n", count: 9000)
            let isComposed = TextNormalizer.nfc(composed).utf8.elementsEqual(expected.utf8)
            #expect(isComposed)
        }
        let unbroken = String(repeating: "か\u{3099}", count: 20_000)
        let isComposed = TextNormalizer.nfc(unbroken).utf8.elementsEqual(String(repeating: "が", count: 20_000).utf8)
        #expect(isComposed)
    }

    @Test func keepsWhatIsOnlyCompatible() {
        #expect(scalars(TextNormalizer.nfc("Ａ①ﬁ")) == scalars("Ａ①ﬁ"))
        #expect(TextNormalizer.nfc("Plain ASCII\r\n") == "Plain ASCII\r\n")
    }

    @Test(arguments: [
        ("Hello, WORLD 42[Z]", "hello, world 42[z]"), ("Ｆｕｌｌ　Ｗｉｄｔｈ", "full width"), ("ｶﾞｲﾄﾞ", "ガイド"), ("Straße ﬁn", "strasse fin"),
        ("co\u{AD}operate\u{200B}", "cooperate"), ("ΣΊΣΥΦΟΣ", "σίσυφοσ"), ("", ""),
    ])
    func searchForm(text: String, expected: String) {
        #expect(scalars(TextNormalizer.searchForm(text)) == scalars(expected))
    }

    @Test func formsAreIdempotentWhenTheyGrowTheText() {
        // U+FDFA becomes 18 scalars: the first buffer is too small.
        let text = String(repeating: "\u{FDFA}", count: 200)
        let once = TextNormalizer.searchForm(text)
        #expect(once.unicodeScalars.count == 200 * 18)
        #expect(TextNormalizer.searchForm(once) == once)
    }
}
