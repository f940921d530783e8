import CVectorKernels

/// A set of slots, one bit each.
package struct Bitmap: Sendable, Equatable {
    @usableFromInline package internal(set) var words: [UInt64]

    package init(words: [UInt64] = []) {
        self.words = words
    }

    /// An empty set with room for slots under this.
    package init(capacity: Int) {
        words = [UInt64](repeating: 0, count: (capacity + 63) / 64)
    }

    /// All slots under this.
    package init(allUnder count: Int) {
        words = [UInt64](repeating: .max, count: (count + 63) / 64)
        if count % 64 > 0 { words[words.count - 1] = 1 << UInt64(count % 64) - 1 }
    }

    /// Slots there are bits for.
    @inlinable package var capacity: Int { words.count * 64 }

    package var count: Int { bunko_count_bits(words, words.count) }

    @inlinable package func contains(_ slot: Slot) -> Bool {
        let word = Int(slot >> 6)
        return word < words.count && words[word] >> UInt64(slot & 63) & 1 == 1
    }

    package mutating func insert(_ slot: Slot) {
        let word = Int(slot >> 6)
        if word >= words.count { words.append(contentsOf: repeatElement(0, count: word + 1 - words.count)) }
        words[word] |= 1 << UInt64(slot & 63)
    }

    package mutating func remove(_ slot: Slot) {
        let word = Int(slot >> 6)
        if word < words.count { words[word] &= ~(1 << UInt64(slot & 63)) }
    }

    /// Makes room, so that inserting slots under it allocates nothing.
    package mutating func reserve(_ capacity: Int) {
        let missing = (capacity + 63) / 64 - words.count
        if missing > 0 { words.append(contentsOf: repeatElement(0, count: missing)) }
    }

    package mutating func formIntersection(_ other: Bitmap) {
        if words.count > other.words.count { words.removeLast(words.count - other.words.count) }
        words.withUnsafeMutableBufferPointer { words in
            guard let base = words.baseAddress else { return }
            bunko_intersect(base, other.words, words.count)
        }
    }

    package func intersection(_ other: Bitmap) -> Bitmap {
        var both = self
        both.formIntersection(other)
        return both
    }

    package mutating func formUnion(_ other: Bitmap) {
        reserve(other.capacity)
        formUnion(other, upTo: capacity)
    }

    /// Adds the slots of another set, but for those from `limit`, a multiple of 64 for which there is room, on.
    package mutating func formUnion(_ other: Bitmap, upTo limit: Int) {
        for word in 0..<min(limit / 64, other.words.count) { words[word] |= other.words[word] }
    }

    package mutating func subtract(_ other: Bitmap) {
        for word in 0..<min(words.count, other.words.count) { words[word] &= ~other.words[word] }
    }

    /// A reader is done with the words: a writer that finds itself their only owner may change them in place.
    package func releaseOrder() {
        words.withUnsafeBufferPointer { if let base = $0.baseAddress { bunko_release_order(base) } }
    }

    /// The writer's side: the reference count orders it behind the readers that are done.
    package func acquireOrder() {
        words.withUnsafeBufferPointer { if let base = $0.baseAddress { bunko_acquire_order(base) } }
    }

    package func subtracting(_ other: Bitmap) -> Bitmap {
        var rest = self
        rest.subtract(other)
        return rest
    }

    /// Lets `body` change the words in place.
    package mutating func withWords(_ body: (UnsafeMutablePointer<UInt64>) -> Void) {
        words.withUnsafeMutableBufferPointer { words in
            if let base = words.baseAddress { body(base) }
        }
    }

    /// The slots, ascending.
    package var slots: [Slot] {
        var slots: [Slot] = []
        slots.reserveCapacity(count)
        forEach { slots.append($0) }
        return slots
    }

    /// Calls `body` with each slot, ascending.
    @inlinable package func forEach(_ body: (Slot) -> Void) {
        for word in words.indices {
            var bits = words[word]
            while bits != 0 {
                body(Slot(64 * word + bits.trailingZeroBitCount))
                bits &= bits - 1
            }
        }
    }
}
