import TextAnalysis

/// The character sequences of a word with marks at its edges: "word" has "\u{2}wor", "word" and "ord\u{3}".
struct CharacterGrams {
    private let word: UnsafeBufferPointer<UInt8>
    private let length: Int
    /// How many there are; none for words shorter than `length`, whose sequences would say no more than the word.
    let count: Int

    /// The sequences of `length` scalars of a word in UTF-8, which must outlive this value.
    init(_ word: UnsafeBufferPointer<UInt8>, length: Int) {
        self.word = word
        self.length = length
        let characters = word.reduce(0) { $0 + (Self.startsScalar($1) ? 1 : 0) }
        count = characters < length ? 0 : characters + 3 - length
    }

    /// Calls `body` with the hash of each sequence.
    func forEachHash(_ body: (UInt64) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: word.count + 2) { marked in
            marked[0] = 2
            for index in word.indices { marked[index + 1] = word[index] }
            marked[word.count + 1] = 3
            let bytes = UnsafeBufferPointer(marked)
            var start = 0
            var end = 0
            for _ in 0..<length { end = Self.next(after: end, in: bytes) }
            for _ in 0..<count {
                body(StableHash.of(UnsafeBufferPointer(rebasing: bytes[start..<end]), seed: 1))
                start = Self.next(after: start, in: bytes)
                end = Self.next(after: end, in: bytes)
            }
        }
    }

    /// Where the scalar after the one at `index` starts; the end of `bytes` stays.
    private static func next(after index: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var next = index + 1
        while next < bytes.count, !startsScalar(bytes[next]) { next += 1 }
        return min(next, bytes.count)
    }

    private static func startsScalar(_ byte: UInt8) -> Bool {
        byte & 0xC0 != 0x80
    }
}
