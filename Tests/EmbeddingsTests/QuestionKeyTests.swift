import Testing

@testable import Embeddings

@Suite struct QuestionKeyTests {
    private static let model = EmbeddingModel(id: "model", dimensions: 8)

    private func key(_ question: String, _ model: EmbeddingModel = Self.model) -> QuestionKey {
        QuestionKey(QuestionKey.normalized(question), model)
    }

    @Test func `The same question has the same key, however it is written`() {
        #expect(key("caf\u{E9}?") == key("cafe\u{301}?"))
        #expect(key("\u{D55C}\u{AE00}") == key("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}"), "Hangul and its Jamo")
        #expect(key(" when\r\nand where?\u{3000}\n") == key("when\nand where?"))
        #expect(QuestionKey.normalized(" \u{A0}cafe\u{301}  au lait\t") == "caf\u{E9}  au lait")
        #expect(QuestionKey.normalized(" \n ") == "")
    }

    @Test func `Another question, model or length has another key`() {
        let questions = ["when?", "When?", "when ?", "wh en?", "when", "whe\u{301}n?"]
        var keys = Set(questions.map { key($0) })
        #expect(keys.count == questions.count)
        keys.insert(key("when?", EmbeddingModel(id: "model2", dimensions: 8)))
        keys.insert(key("when?", EmbeddingModel(id: "model", dimensions: 82)))
        keys.insert(key("2when?", EmbeddingModel(id: "model", dimensions: 8)))
        #expect(keys.count == questions.count + 3)
    }

    /// Made with another program: printf '5:query5:model1:85:when?' | sha256sum
    @Test func `A key is the same on every machine and in every version`() {
        #expect(key("when?").text == "e8c0d8217f1e8ef4bc11d1fca65cf740228d03508fbc660a51bdfbd5952f17e6")
    }
}

@Suite struct QueryVectorCodingTests {
    private static let key = QuestionKey("when?", EmbeddingModel(id: "model", dimensions: 4))
    private static let one = QueryVector([0.5, -0.5, 0, 0.70710677], meaning: 0.25, tokens: 7)
    private static let two = QueryVector(
        alone: [1, 0, 0, 0], besideWords: [0, -0.0, 1, .leastNonzeroMagnitude], meaning: 1, ceiling: 0.7071)

    @Test(arguments: [one, two])
    func `What was written is read with every bit`(vector: QueryVector) throws {
        let bytes = vector.encoded(for: Self.key)
        let read = try #require(QueryVector(bytes, for: Self.key, dimensions: 4))
        #expect(read.alone.map(\.bitPattern) == vector.alone.map(\.bitPattern))
        #expect(read.besideWords.map(\.bitPattern) == vector.besideWords.map(\.bitPattern))
        #expect(read.meaning == vector.meaning && read.ceiling == vector.ceiling && read.tokens == vector.tokens)
    }

    @Test func `One vector that serves both searches is written once`() {
        #expect(Self.one.encoded(for: Self.key).count == 28 + 16 + 4)
        #expect(Self.two.encoded(for: Self.key).count == 28 + 32 + 4)
    }

    /// So that another version of the program reads it, or knows that it does not.
    @Test func `The form is as it is written down`() {
        let bytes = Self.one.encoded(for: Self.key)
        #expect(Array(bytes[..<28]) == [66, 81, 86, 1, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 128, 62, 0, 0, 128, 63, 7, 0, 0, 0, 0, 0, 0, 0])
        #expect(Array(bytes[28..<36]) == [0, 0, 0, 63, 0, 0, 0, 191])
    }

    @Test func `Every changed bit, every missing and every additional byte is noticed`() {
        let bytes = Self.two.encoded(for: Self.key)
        for place in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[place] ^= 1 << bit
                #expect(QueryVector(damaged, for: Self.key, dimensions: 4) == nil, "byte \(place), bit \(bit)")
            }
        }
        for count in bytes.indices {
            #expect(QueryVector(Array(bytes.prefix(count)), for: Self.key, dimensions: 4) == nil, "\(count) bytes")
        }
        #expect(QueryVector(bytes + [0], for: Self.key, dimensions: 4) == nil)
    }

    @Test func `The bytes of another question or of another length of vectors are not read`() {
        let bytes = Self.one.encoded(for: Self.key)
        let other = QuestionKey("where?", EmbeddingModel(id: "model", dimensions: 4))
        #expect(QueryVector(bytes, for: other, dimensions: 4) == nil)
        for dimensions in [0, 3, 5, 8] { #expect(QueryVector(bytes, for: Self.key, dimensions: dimensions) == nil) }
    }

    @Test(arguments: [
        QueryVector([.nan, 0, 0, 0]), QueryVector([.infinity, 0, 0, 0]), QueryVector([1, 0, 0, 0], meaning: 1.5),
        QueryVector([1, 0, 0, 0], meaning: .nan), QueryVector(alone: [1, 0, 0, 0], besideWords: [1, 0, 0, 0], meaning: 1, ceiling: 0),
        QueryVector([1, 0, 0, 0], tokens: -2),
    ])
    func `What no search can use is not read, whoever wrote it`(vector: QueryVector) {
        #expect(QueryVector(vector.encoded(for: Self.key), for: Self.key, dimensions: 4) == nil)
    }
}
