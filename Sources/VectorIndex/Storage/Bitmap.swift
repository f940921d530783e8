/// A set of slots, one bit each.
struct Bitmap: Sendable, Equatable {
    private(set) var words: [UInt64]

    init(words: [UInt64] = []) {
        self.words = words
    }

    /// Slots there are bits for.
    var capacity: Int { words.count * 64 }

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    func contains(_ slot: Slot) -> Bool {
        let word = Int(slot >> 6)
        return word < words.count && words[word] >> UInt64(slot & 63) & 1 == 1
    }

    mutating func insert(_ slot: Slot) {
        let word = Int(slot >> 6)
        if word >= words.count { words.append(contentsOf: repeatElement(0, count: word + 1 - words.count)) }
        words[word] |= 1 << UInt64(slot & 63)
    }

    mutating func remove(_ slot: Slot) {
        let word = Int(slot >> 6)
        if word < words.count { words[word] &= ~(1 << UInt64(slot & 63)) }
    }

    /// Makes room, so that inserting slots under it allocates nothing.
    mutating func reserve(_ capacity: Int) {
        let missing = (capacity + 63) / 64 - words.count
        if missing > 0 { words.append(contentsOf: repeatElement(0, count: missing)) }
    }

    mutating func formIntersection(_ other: Bitmap) {
        if words.count > other.words.count { words.removeLast(words.count - other.words.count) }
        for word in words.indices { words[word] &= other.words[word] }
    }

    mutating func formUnion(_ other: Bitmap) {
        reserve(other.capacity)
        for word in other.words.indices { words[word] |= other.words[word] }
    }

    mutating func subtract(_ other: Bitmap) {
        for word in 0..<min(words.count, other.words.count) { words[word] &= ~other.words[word] }
    }

    /// The slots, ascending.
    var slots: [Slot] {
        var slots: [Slot] = []
        slots.reserveCapacity(count)
        forEach { slots.append($0) }
        return slots
    }

    /// Calls `body` with each slot, ascending.
    func forEach(_ body: (Slot) -> Void) {
        for word in words.indices {
            var bits = words[word]
            while bits != 0 {
                body(Slot(64 * word + bits.trailingZeroBitCount))
                bits &= bits - 1
            }
        }
    }
}
