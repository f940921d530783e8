import Embeddings
import Testing
import TextAnalysis

@Suite struct HashingEmbedderTests {
    private let embedder = HashingEmbedder()

    private func passage(_ text: String) async throws -> [Float] {
        try #require(try await embedder.embed([text], purpose: .passage).first)
    }

    private func query(_ text: String) async throws -> [Float] {
        try #require(try await embedder.embed([text], purpose: .query).first)
    }

    private func dot(_ left: [Float], _ right: [Float]) -> Float {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    static let texts = [
        "", " \n", "!?→👍", "a", "the of and", "word word word", "Ferries leave the harbour every forty minutes.",
        "항구 사무소는 아침 일곱 시에 문을 엽니다.", "港の事務所は朝七時に開きます。",
        String(repeating: "x", count: 5_000), (0..<6_000).map { "w\($0)" }.joined(separator: " "), "\u{0}\u{FFFD}", "ไทยประเทศ",
    ]

    @Test(arguments: texts, [EmbeddingPurpose.passage, .query])
    func vectorsHaveLengthOne(text: String, purpose: EmbeddingPurpose) async throws {
        let vector = try #require(try await embedder.embed([text], purpose: purpose).first)
        #expect(vector.count == embedder.model.dimensions)
        #expect(vector.allSatisfy { $0.isFinite })
        #expect(abs(dot(vector, vector) - 1) < 1e-5)
    }

    @Test func orderIsKeptAndTextsDoNotInfluenceEachOther() async throws {
        let together = try await embedder.embed(Self.texts, purpose: .passage)
        #expect(together.count == Self.texts.count)
        for (text, vector) in zip(Self.texts, together) { #expect(try await passage(text) == vector) }
        #expect(try await embedder.embed([], purpose: .query).isEmpty)
    }

    @Test func vectorsAreTheSameOnEveryMachine() async throws {
        let hashes = try await [passage(Self.texts[6]), query(Self.texts[6]), passage(Self.texts[7]), passage(Self.texts[8])].map {
            vector in
            Array(vector.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } })
                .withUnsafeBufferPointer { StableHash.of($0) }
        }
        let golden: [UInt64] = [
            11_912_348_100_333_712_049, 12_317_379_221_571_903_787, 16_149_492_368_840_092_653, 7_214_162_734_787_056_877,
        ]
        #expect(hashes == golden, "Vectors have changed: give the model a new id, then update these values.")
        #expect(embedder.model == EmbeddingModel(id: "bunko-hash-1536-v1", dimensions: 1536))
    }

    @Test(arguments: [
        (
            "When does the ferry leave?", "Ferries leave the harbour every forty minutes during summer.",
            "The baker sells bread and small cakes from six in the morning."
        ),
        ("항구 사무소는 몇 시에 여나요?", "작은 항구의 사무소가 아침 일곱 시에 문을 엽니다.", "빵집에서는 여섯 시부터 빵과 과자를 팝니다."),
        ("港の事務所は何時に開きますか？", "小さな港にある事務所が朝七時に開く。", "パン屋は六時からパンと菓子を売る。"),
    ])
    func relatedTextsAreNearer(question: String, related: String, unrelated: String) async throws {
        let question = try await query(question)
        let near = dot(question, try await passage(related))
        let far = dot(question, try await passage(unrelated))
        #expect(near > far + 0.1, "\(near) \(far)")
    }

    @Test func partsOfCompoundsAreFoundInTextsWithoutSpaces() async throws {
        let tower = try await passage("先週は東京電波塔見学会に参加した。")
        #expect(dot(try await query("電波塔"), tower) > 0.2)
        #expect(dot(try await query("水族館"), tower) < 0.1)
        let korean = try await passage("지난주에 서울전파탑견학회에 참가했다.")
        #expect(dot(try await query("전파탑"), korean) > 0.2)
    }

    @Test func caseWidthAndInflectionHardlyMatter() async throws {
        let plain = try await query("running ferries")
        #expect(dot(plain, try await query("ＲＵＮＮＩＮＧ Ferries")) > 0.999)
        #expect(dot(plain, try await query("run ferry")) > 0.95)
        #expect(dot(try await query("harbormaster"), try await query("harbourmaster")) > 0.1)
    }

    @Test func functionWordsWeighLittle() async throws {
        #expect(dot(try await query("what is the ferry"), try await query("ferry")) > 0.95)
    }

    @Test func textsWithoutWordsAreFarFromAllOthers() async throws {
        let empty = try await passage("")
        #expect(try await query("?!") == empty)
        #expect(dot(empty, try await passage("ferry")) == 0)
    }

    @Test func unrelatedShortPassagesAreFarApart() async throws {
        let vectors = try await embedder.embed(
            ["Ferries leave hourly.", "Bread costs two pounds.", "Ferries leave hourly!"], purpose: .passage)
        #expect(abs(dot(vectors[0], vectors[1])) < 0.4)
        #expect(dot(vectors[0], vectors[2]) > 0.999)
    }

    @Test func aCancelledTaskGetsNoVectors() async {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await HashingEmbedder().embed(["ferry"], purpose: .query)
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
