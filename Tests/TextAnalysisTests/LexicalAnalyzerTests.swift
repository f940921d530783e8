import Testing
import TextAnalysis

@Suite struct LexicalAnalyzerTests {
    private func terms(_ text: String) -> [String] {
        kinds(text).map(\.1)
    }

    private func kinds(_ text: String) -> [(LexicalTerm.Kind, String)] {
        var found: [(LexicalTerm.Kind, String)] = []
        LexicalAnalyzer().forEachTerm(in: text) { found.append(($0.kind, String(decoding: $0.utf8, as: UTF8.self))) }
        return found
    }

    @Test(arguments: [
        ["run", "runs", "running"], ["stop", "stopped", "stopping"], ["city", "cities"], ["class", "classes"], ["hope", "hoped", "hoping"],
        ["quick", "quickly"], ["fall", "falls", "falling"], ["carry", "carries", "carried"],
    ])
    func englishFormsShareAStem(forms: [String]) {
        #expect(Set(forms.flatMap(terms)).count == 1)
    }

    @Test(arguments: ["bus", "his", "is", "gas", "thing", "king", "sing", "red", "fly"])
    func shortWordsKeepWhatLooksLikeAnEnding(word: String) {
        #expect(terms(word) == [word])
    }

    @Test func otherAlphabetsGiveWholeWords() {
        #expect(terms("Café Москва 2031 ΩΜΈΓΑ") == ["café", "москва", "2031", "ωμέγα"])
    }

    @Test func punctuationAndSymbolsGiveNothing() {
        #expect(terms(" ?! — … →👍 、。・「」\n").isEmpty)
        #expect(terms("").isEmpty)
    }

    @Test func englishWordsAreRanked() {
        let found = kinds("What the people of Oslo")
        #expect(found.map(\.0) == [.functionWord, .functionWord, .commonWord, .functionWord, .word])
    }

    @Test func japaneseRunsGivePairsWithinOneScript() {
        #expect(terms("東京タワーの高さは山") == ["東京", "タワ", "ワー", "の", "高", "さは", "山"])
        #expect(kinds("東京の").map(\.0) == [.characterPair, .hiraganaPair])
        #expect(terms("ﾃﾚﾋﾞ") == terms("テレビ"))
    }

    @Test func koreanParticlesAreMarked() {
        let found = kinds("헤이그는 부산에서 있다")
        #expect(found.map(\.1) == ["헤이", "이그", "그는", "부산", "산에", "에서", "있다"])
        #expect(
            found.map(\.0) == [.characterPair, .characterPair, .particlePair, .characterPair, .particlePair, .particlePair, .particlePair])
    }

    @Test func scalarsBeyondTheBasicPlaneStayWhole() {
        #expect(terms("𠮷野家") == ["𠮷野", "野家"])
    }

    @Test func stableHashNeverChanges() {
        let hashes = ["", "a", "12345678", "123456789"].map { text in Array(text.utf8).withUnsafeBufferPointer { StableHash.of($0) } }
        #expect(hashes == [0, 14_894_987_653_061_691_805, 9_404_606_184_012_085_664, 3_404_399_269_681_829_168])
        #expect(Array("a".utf8).withUnsafeBufferPointer { StableHash.of($0, seed: 1) } != hashes[1])
    }
}
