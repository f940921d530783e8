import Foundation
import Testing

@testable import LexicalIndex

@Suite struct LexicalIndexTests {
    private let partition = UUID()

    private func document(_ text: String, title: String? = nil, id: UUID = UUID()) -> LexicalDocument {
        LexicalDocument(id: id, fields: [.init(text)] + (title.map { [.init($0, weight: 2)] } ?? []))
    }

    private func found(_ index: LexicalIndex, _ query: String, k: Int = 10) -> [UUID] {
        index.search(query, partitions: [partition], k: k).hits.map(\.id)
    }

    // MARK: - Words of every language

    @Test(arguments: [
        ("When do the ferries leave?", "A ferry leaves every forty minutes.", "The bakery opens at six in the morning."),
        ("항구 사무소는 언제 여나요?", "항구의 사무소가 아침 일곱 시에 문을 엽니다.", "빵집은 여섯 시부터 빵을 팝니다."),
        ("港の事務所は何時に開く？", "小さな港にある事務所が朝七時に開きます。", "パン屋は六時からパンを売る。"),
        ("error E4021", "The code E4021 means that the disk is full.", "The code E4022 means that the network is down."),
    ])
    func theDocumentWithTheWordsIsFirst(query: String, right: String, wrong: String) {
        let index = LexicalIndex()
        let (a, b) = (document(right), document(wrong))
        index.upsert([b, a], in: partition)
        #expect(found(index, query).first == a.id)
    }

    @Test func aTitlesWordsCountMore() {
        let index = LexicalIndex()
        let titled = document("It opens at seven every day of the week.", title: "Harbour office")
        let mentioned = document("The harbour is where it opens at seven every day of week.", title: "Bakery shop")
        index.upsert([mentioned, titled], in: partition)
        #expect(found(index, "harbour") == [titled.id, mentioned.id])
    }

    /// Rare words decide, not frequent ones.
    @Test func rareWordsCountMore() {
        let index = LexicalIndex()
        let rare = document("one zebra and many other things in here")
        index.upsert([rare] + (0..<50).map { _ in document("many ferries ferries ferries and other things") }, in: partition)
        #expect(found(index, "zebra ferries").first == rare.id)
    }

    @Test(arguments: ["", "   ", "!?…", "👍🏽", "\u{0}", "unheardofword"]) func nothingIsFoundByNothing(query: String) {
        let index = LexicalIndex()
        index.upsert([document("The ferry leaves at nine."), document("")], in: partition)
        let response = index.search(query, partitions: [partition], k: 5)
        #expect(response.hits.isEmpty && response.matched == 0)
    }

    /// Where a question has function words alone, they are what is looked for.
    @Test func functionWordsCountWhereThereIsNothingElse() {
        let index = LexicalIndex()
        let document = document("to be or not to be")
        index.upsert([document, self.document("zebra crossing")], in: partition)
        #expect(found(index, "to be or not") == [document.id])
        #expect(found(index, "is the zebra") != [document.id])
    }

    // MARK: - Partitions and changes

    @Test func onlyTheKeysAskedForAreSearched() {
        let index = LexicalIndex()
        let (mine, theirs, shared) = (UUID(), UUID(), UUID())
        let documents = [mine, theirs, shared].map { (key: $0, document: document("the ferry leaves")) }
        for (key, document) in documents { index.upsert([document], in: key) }
        let hits = index.search("ferry", partitions: [mine, shared, mine, UUID()], k: 10).hits
        #expect(Set(hits.map(\.id)) == [documents[0].document.id, documents[2].document.id] && hits.count == 2)
        #expect(index.search("ferry", partitions: [], k: 10).hits.isEmpty)
    }

    @Test func documentsChangeAndGo() {
        let index = LexicalIndex()
        let id = UUID()
        index.upsert([document("the ferry leaves", id: id)], in: partition)
        index.upsert([document("the bakery opens", id: id)], in: partition)
        #expect(found(index, "ferry").isEmpty && found(index, "bakery") == [id])
        index.upsert([document("first zebra", id: id), document("second lion", id: id)], in: partition)
        #expect(found(index, "zebra").isEmpty && found(index, "lion") == [id], "the last of one id counts")
        index.remove([id, UUID()], from: partition)
        index.remove([id], from: UUID())
        #expect(found(index, "lion").isEmpty && index.statistics.documents == 0)
        index.upsert([document("ferry")], in: partition)
        index.removeAll(of: partition)
        #expect(found(index, "ferry").isEmpty)
    }

    @Test func kBoundsTheHits() {
        let index = LexicalIndex()
        index.upsert((0..<100).map { document(String(repeating: "ferry ", count: $0 % 7 + 1)) }, in: partition)
        for (k, count) in [(1, 1), (7, 7), (100, 100), (1_000_000, 100), (0, 1), (-5, 1)] {
            let hits = index.search("ferry", partitions: [partition], k: k).hits
            #expect(hits.count == count)
            #expect(zip(hits, hits.dropFirst()).allSatisfy { $0.score > $1.score || ($0.score == $1.score && $0.id < $1.id) })
        }
    }

    // MARK: - Beside the plain formula

    private struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    /// Random additions, changes and removals: after each, a search finds the documents that have a term, and no others.
    @Test(arguments: [UInt64(1), 2, 3, 4]) func searchesFindWhatHasTheTerms(seed: UInt64) {
        var dice = Dice(state: seed)
        let words = (0..<60).map { "w\(String(repeating: "x", count: $0 % 3))\($0)" }
        func text() -> String {
            (0..<Int.random(in: 1...40, using: &dice)).map { _ in
                // Some words are much more frequent than others.
                words[min(Int.random(in: 0..<60, using: &dice), Int.random(in: 0..<60, using: &dice))]
            }.joined(separator: " ")
        }
        let index = LexicalIndex()
        var plain = PlainBM25()
        var ids: [UUID] = []
        for _ in 0..<150 {
            if Int.random(in: 0..<10, using: &dice) < 7 || ids.isEmpty {
                let batch = (0..<Int.random(in: 1...12, using: &dice)).map { _ in
                    let isChange = !ids.isEmpty && Int.random(in: 0..<4, using: &dice) == 0
                    return document(text(), title: text(), id: isChange ? ids.randomElement(using: &dice) ?? UUID() : UUID())
                }
                index.upsert(batch, in: partition)
                plain.upsert(batch)
            } else {
                let gone = (0..<Int.random(in: 1...8, using: &dice)).compactMap { _ in ids.randomElement(using: &dice) }
                index.remove(gone, from: partition)
                plain.remove(gone)
            }
            ids = Array(plain.documents.keys).sorted()
            #expect(index.statistics.documents == ids.count)
            let query = (0..<3).map { _ in words.randomElement(using: &dice) ?? "" }.joined(separator: " ")
            let expected = plain.scores(query)
            let response = index.search(query, partitions: [partition], k: 1_000)
            #expect(Set(response.hits.map(\.id)) == Set(expected.keys))
            #expect(response.matched == expected.count)
        }
    }

    /// What a question asks for in vain makes each answer worth less, and no score another.
    @Test func termsThatNoDocumentHasRaiseTheLimitAlone() {
        let index = LexicalIndex()
        index.upsert((0..<20).map { document("ferry number \($0) leaves the island at noon", title: nil) }, in: partition)
        let known = index.search("ferry island", partitions: [partition], k: 5)
        let strange = index.search("ferry island zeppelin", partitions: [partition], k: 5)
        #expect(strange.hits == known.hits && strange.knownTerms == 2 && strange.terms == 3)
        #expect(strange.limit > 2 * known.limit, "a rare word is worth more than two that every document has")
        let nothing = index.search("zeppelin", partitions: [partition], k: 5)
        #expect(nothing.hits.isEmpty && nothing.limit > 0)
    }

    /// Without removed documents, whose terms count until their segment is merged, scores are the formula's to the last digits.
    @Test func scoresAreTheFormulas() {
        var dice = Dice(state: 9)
        let words = (0..<40).map { "word\($0)" }
        let index = LexicalIndex()
        var plain = PlainBM25()
        for _ in 0..<200 {
            let text = (0..<Int.random(in: 1...30, using: &dice)).map { _ in words.randomElement(using: &dice) ?? "" }.joined(
                separator: " ")
            let documents = [document(text, title: words.randomElement(using: &dice))]
            index.upsert(documents, in: partition)
            plain.upsert(documents)
        }
        for word in words {
            let query = "\(word) word3 word17"
            let expected = plain.scores(query)
            let response = index.search(query, partitions: [partition], k: 1_000)
            #expect(response.hits.allSatisfy { $0.score < response.limit })
            for hit in response.hits {
                #expect(abs(Double(hit.score) - (expected[hit.id] ?? 0)) < 1e-4)
            }
        }
    }

    /// Readers see whole batches while a writer works.
    @Test func searchesGoOnWhileDocumentsAreWritten() async {
        let index = LexicalIndex()
        let partition = partition
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 0..<200 {
                    let batch = (0..<5).map { number in
                        LexicalDocument(
                            id: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(number))),
                            fields: [.init("ferry round\(round)")])
                    }
                    index.upsert(batch, in: partition)
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<2_000 {
                        let count = index.search("ferry", partitions: [partition], k: 10).hits.count
                        #expect(count == 0 || count == 5)
                    }
                }
            }
        }
    }
}
