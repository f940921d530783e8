import Testing
import TextAnalysis

@Suite struct TokenEstimatorTests {
    /// `tokens` is the larger of the true cl100k and o200k counts of `text`.
    struct Sample: Sendable {
        let text: String
        let tokens: Int
    }

    static let prose = [
        Sample(
            text: """
                The harbour office opens at seven. Ferries leave every forty minutes, and tickets bought on board cost two pounds more than those \
                from the machine on the quay. Dogs travel free, bicycles do not. If the wind rises above force eight, the captain may cancel a \
                crossing; passengers are then taken by bus over the old bridge, which adds about an hour to the journey.
                """, tokens: 76),
        Sample(
            text: """
                항구 사무소는 아침 일곱 시에 문을 엽니다. 배는 사십 분마다 떠나며, 배에서 사는 표는 부두의 기계에서 사는 표보다 이천 원 더 비쌉니다. 강아지는 무료로 탈 수 있지만 \
                자전거는 요금을 내야 합니다. 바람이 너무 세지면 선장이 운항을 취소할 수 있고, 승객은 버스를 타고 오래된 다리를 건너게 됩니다.
                """, tokens: 155),
        Sample(
            text: """
                港の事務所は朝七時に開きます。船は四十分ごとに出発し、船内で買う切符は桟橋の券売機より二百円高くなります。犬は無料ですが、自転車には料金がかかります。風が強くなると船長が欠航を\
                決めることがあり、その場合、乗客はバスで古い橋を渡り、約一時間余計にかかります。
                """, tokens: 155),
        Sample(
            text: """
                # Harbour guide\n\n## Tickets\n\n- Adults: **12.50**\n- Children (5-15): 6.00\n- Bicycles: see [the table](prices.md)\n\n| Route | \
                Minutes | Price |\n|---|---|---|\n| North | 25 | 12.50 |\n| Island | 40 | 18.00 |\n\n```\nbook --route north --date 2031-05-04\n```\n
                """, tokens: 94),
        Sample(
            text: """
                func total(of items: [Item], discount: Double = 0) -> Double {\n    var sum = 0.0\n    for item in items where item.isAvailable {\n\
                        sum += item.price * Double(item.count)\n    }\n    return sum * (1 - discount)\n}\n
                """, tokens: 59),
    ]

    @Test(arguments: prose) func staysNearTheTrueCount(sample: Sample) {
        let ratio = Double(TokenEstimator().count(sample.text)) / Double(sample.tokens)
        #expect((0.95...1.16).contains(ratio), "\(ratio)")
    }

    @Test(arguments: [
        Sample(
            text: """
                Among the shipowners of the old port were the families Verhaeghe, Dujardin, Boutellier, Mascarell, Quiroga, Desrochers, \
                Lindqvist, Brannigan, Castellane, Ostermeyer, Thibaudeau, Gaskarth and Penhallow; their houses still stand on the quay, and \
                their names are read on the stones of Saint Corentin.
                """, tokens: 88),
        Sample(
            text: """
                Parasitologists distinguish nematodes, cestodes and trematodes; the harbour laboratory keeps specimens of dinoflagellates, \
                copepods, bryozoans and foraminifera, preserved in glutaraldehyde or lyophilized after centrifugation, with histological \
                sections of hepatopancreas.
                """, tokens: 69),
    ])
    func isNotFarUnderWhereRareWordsGather(sample: Sample) {
        #expect(Double(TokenEstimator().count(sample.text)) / Double(sample.tokens) >= 0.95)
    }

    @Test func isZeroForEmptyTextOnly() {
        #expect(TokenEstimator().count("") == 0)
        for text in [" ", "\n", ".", "a", "あ", "가", "é", "👍", "\u{0}"] {
            #expect(TokenEstimator().count(text) >= 1, "\(text.debugDescription)")
        }
    }

    @Test func countsSubstringsAsStrings() {
        let text = "Some words, 12345 numbers and 日本語 and 한국어."
        for range in SentenceSegmenter().sentences(in: text + " " + text) {
            let whole = text + " " + text
            #expect(TokenEstimator().count(whole[range]) == TokenEstimator().count(String(whole[range])))
        }
    }

    @Test func growsWithRareWordsAndLongRuns() {
        let estimator = TokenEstimator()
        #expect(estimator.count("immunohistochemistry of the Qxzvky") > estimator.count("characteristics of the people"))
        #expect(estimator.count(String(repeating: "7", count: 300)) >= 100)
        #expect(estimator.count(String(repeating: "가나다", count: 100)) >= 300)
    }
}
