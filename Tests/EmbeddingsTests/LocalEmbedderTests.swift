import Foundation
import Testing
import TextAnalysis

@testable import Embeddings

/// The built-in model beside references that `scripts/embedding-references.py` computed in 64-bit numbers.
@Suite(.enabled(if: ModelFolder.find(home: NSHomeDirectory()) != nil, "scripts/setup.sh has not obtained the model"))
struct LocalEmbedderTests {
    struct References: Decodable {
        struct Cut: Decodable {
            let text: String
            let ids: [UInt32]
        }

        struct Embedded: Decodable {
            let text: String
            let vector: [Float]
        }

        let pieces: [Cut]
        let vectors: [Embedded]
    }

    private static let model = Result {
        try SentenceModel(directory: try #require(ModelFolder.find(home: NSHomeDirectory())))
    }

    private let references: References
    private let model: SentenceModel
    private let embedder: LocalEmbedder

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/minilm.json")
        references = try JSONDecoder().decode(References.self, from: try Data(contentsOf: file))
        model = try Self.model.get()
        embedder = LocalEmbedder(model, threads: 2)
    }

    private func dot(_ left: [Float], _ right: [Float]) -> Float {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test func textsAreCutIntoTheReferencesPieces() {
        for reference in references.pieces {
            #expect(model.pieces(of: reference.text) == reference.ids, "\(reference.text.debugDescription)")
        }
    }

    /// One by one and all in a batch.
    @Test func vectorsAreTheReferences() throws {
        let pieces = references.vectors.map { model.pieces(of: $0.text) }
        #expect(pieces.contains { $0.count > SentenceModel.window }, "one of the texts is longer than the window")
        let together = model.vectors(of: pieces)
        var largest: Float = 0
        for (reference, (pieces, batched)) in zip(references.vectors, zip(pieces, together)) {
            let single = try #require(model.vectors(of: [pieces])[0])
            for vector in [single, try #require(batched)] {
                #expect(vector.count == SentenceModel.dimensions)
                for (component, expected) in zip(vector, reference.vector) { largest = max(largest, abs(component - expected)) }
            }
        }
        print("largest difference of a component from the references: \(largest)")
        #expect(largest < 1e-5)
    }

    @Test func windowsDivideATextEvenly() {
        for count in 0...1_300 {
            let windows = SentenceModel.windows(count)
            #expect(windows.count == (count + 253) / 254)
            #expect(windows.reduce(0) { $0 + $1.count } == count)
            #expect(windows.allSatisfy { $0.count <= 254 && !$0.isEmpty })
            #expect((windows.map(\.count).max() ?? 0) - (windows.map(\.count).min() ?? 0) <= 1)
        }
    }

    static let texts = [
        "", " \n", "!?→👍", "a", "the of and", "Ferries leave the harbour every forty minutes.", "항구 사무소는 아침 일곱 시에 문을 엽니다.",
        "港の事務所は朝七時に開きます。", String(repeating: "x", count: 5_000), (0..<3_000).map { "w\($0)" }.joined(separator: " "), "\u{0}\u{FFFD}",
        "ไทยประเทศ",
    ]

    @Test(arguments: [EmbeddingPurpose.passage, .query])
    func vectorsHaveLengthOneWhateverTheText(purpose: EmbeddingPurpose) async throws {
        let vectors = try await embedder.embed(Self.texts, purpose: purpose)
        #expect(vectors.count == Self.texts.count)
        for (text, vector) in zip(Self.texts, vectors) {
            #expect(vector.count == embedder.model.dimensions && vector.allSatisfy(\.isFinite))
            #expect(abs(dot(vector, vector) - 1) < 1e-5, "\(text.prefix(20).debugDescription)")
        }
        let none = try await embedder.embed([], purpose: purpose)
        #expect(none.isEmpty)
    }

    /// Many texts are computed in several jobs on several threads.
    @Test func orderIsKeptOverManyJobs() async throws {
        let texts = (0..<60).map { "Passage number \($0): " + references.vectors[$0 % references.vectors.count].text }
        let together = try await embedder.embed(texts, purpose: .passage)
        for index in stride(from: 0, to: texts.count, by: 7) {
            let alone = try await embedder.embed([texts[index]], purpose: .passage)[0]
            #expect(dot(alone, together[index]) > 0.99999)
        }
    }

    /// Where no word is shared, hashing sees nothing; the model does.
    @Test func meaningIsSeenWhereNoWordIsShared() async throws {
        let query = try await embedder.embed(["How do I get my money back?"], purpose: .query)[0]
        let passages = try await embedder.embed(
            ["Refunds are paid within a week.", "Ferries leave every forty minutes.", "The bakery opens at six."], purpose: .passage)
        let scores = passages.map { dot(query, $0) }
        #expect(scores[0] > scores[1] + 0.05 && scores[0] > scores[2] + 0.05, "\(scores)")
    }

    /// The model knows no Korean and no Japanese: it has no say there.
    @Test(arguments: ["항구 사무소는 아침 일곱 시에 문을 엽니다.", "港の事務所は朝七時に開きます。", "12:30 — 45 €", "항구 사무소(Port Office)는 아침 일곱 시에 문을 엽니다."])
    func theModelHasNoSayInOtherLanguages(text: String) async throws {
        let vector = try await embedder.embed([text], purpose: .passage)[0]
        #expect(vector.prefix(SentenceModel.dimensions).allSatisfy { $0 == 0 })
    }

    @Test func aCancelledTaskEndsWithItsError() async throws {
        let embedder = embedder
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await embedder.embed(["ferry"], purpose: .query)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

@Suite struct LatinShareTests {
    @Test(
        arguments: [
            ("", 0), ("123 !?", 0), ("ferry 123", 1), ("Ångström naïve", 1), ("항구", 0), ("港の", 0), ("Привет", 0), ("abc 가", 0.5),
            ("ｆｅｒｒｙ", 1),
        ] as [(String, Float)])
    func sharesOfLetters(text: String, share: Float) {
        #expect(LatinShare.of(text) == share)
    }
}
