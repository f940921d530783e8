/// A segment and which of its documents are still there.
struct LiveSegment: Sendable {
    let segment: Segment
    private(set) var live: LiveSet

    init(_ segment: Segment) {
        self.segment = segment
        live = LiveSet(count: segment.ids.count)
    }

    mutating func remove(_ document: Int) {
        live.remove(document)
    }
}

/// A set of numbers below a count, with all of them at first.
struct LiveSet: Sendable {
    private var words: [UInt64]
    private(set) var count: Int

    init(count: Int) {
        self.count = count
        words = [UInt64](repeating: .max, count: (count + 63) / 64)
    }

    func contains(_ number: Int) -> Bool {
        words[number >> 6] >> UInt64(number & 63) & 1 == 1
    }

    /// Takes a number out, which must be in.
    mutating func remove(_ number: Int) {
        words[number >> 6] &= ~(1 << UInt64(number & 63))
        count -= 1
    }
}
