import CVectorKernels

/// A set of slots, one bit each.
struct Bitmap: Sendable, Equatable {
    private(set) var words: [UInt64]

    init(words: [UInt64] = []) {
        self.words = words
    }

    /// An empty set with room for slots under this.
    init(capacity: Int) {
        words = [UInt64](repeating: 0, count: (capacity + 63) / 64)
    }

    /// Slots there are bits for.
    var capacity: Int { words.count * 64 }

    var count: Int { bunko_count_bits(words, words.count) }

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
        words.withUnsafeMutableBufferPointer { words in
            guard let base = words.baseAddress else { return }
            bunko_intersect(base, other.words, words.count)
        }
    }

    mutating func formUnion(_ other: Bitmap) {
        reserve(other.capacity)
        formUnion(other, upTo: capacity)
    }

    /// Adds the slots of another set, but for those from `limit`, a multiple of 64 for which there is room, on.
    mutating func formUnion(_ other: Bitmap, upTo limit: Int) {
        for word in 0..<min(limit / 64, other.words.count) { words[word] |= other.words[word] }
    }

    mutating func subtract(_ other: Bitmap) {
        for word in 0..<min(words.count, other.words.count) { words[word] &= ~other.words[word] }
    }

    /// A reader is done with the words: a writer that finds itself their only owner may change them in place.
    func releaseOrder() {
        words.withUnsafeBufferPointer { if let base = $0.baseAddress { bunko_release_order(base) } }
    }

    /// The writer's side: the reference count orders it behind the readers that are done.
    func acquireOrder() {
        words.withUnsafeBufferPointer { if let base = $0.baseAddress { bunko_acquire_order(base) } }
    }

    func subtracting(_ other: Bitmap) -> Bitmap {
        var rest = self
        rest.subtract(other)
        return rest
    }

    /// Lets `body` change the words in place.
    mutating func withWords(_ body: (UnsafeMutablePointer<UInt64>) -> Void) {
        words.withUnsafeMutableBufferPointer { words in
            if let base = words.baseAddress { body(base) }
        }
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
