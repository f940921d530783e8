import TextAnalysis

/// The character sequences of a word with marks at its edges: "word" has "\u{2}wor", "word" and "ord\u{3}".
struct CharacterGrams {
    private let marked: [UInt8]
    /// Where the characters of `marked` start, and its end.
    private let offsets: [Int]
    private let length: Int

    /// The sequences of `length` scalars of a word in UTF-8.
    init(_ word: UnsafeBufferPointer<UInt8>, length: Int) {
        marked = [2] + word + [3]
        offsets = marked.indices.filter { [marked] in marked[$0] & 0xC0 != 0x80 } + [marked.count]
        self.length = length
    }

    /// How many there are; none for words shorter than `length`, whose sequences would say no more than the word.
    var count: Int {
        let characters = offsets.count - 1
        return characters - 2 < length ? 0 : characters - length + 1
    }

    /// Calls `body` with the hash of each sequence.
    func forEachHash(_ body: (UInt64) -> Void) {
        marked.withUnsafeBufferPointer { bytes in
            for index in 0..<count {
                let gram = UnsafeBufferPointer(rebasing: bytes[offsets[index]..<offsets[index + length]])
                body(StableHash.of(gram, seed: 1))
            }
        }
    }
}
