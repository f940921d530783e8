/// One bit for each row of a block, held inline so that a snapshot of blocks needs no allocation per block.
struct RowMask {
    private var words = SIMD8<UInt64>(repeating: 0)

    static let capacity = 512

    var count: Int {
        words.indices.reduce(0) { $0 + words[$1].nonzeroBitCount }
    }

    func contains(_ row: Int) -> Bool {
        words[row >> 6] & (1 << UInt64(row & 63)) != 0
    }

    mutating func insert(_ row: Int) {
        words[row >> 6] |= 1 << UInt64(row & 63)
    }

    mutating func remove(_ row: Int) {
        words[row >> 6] &= ~(1 << UInt64(row & 63))
    }

    /// Calls `body` with each row in the mask, ascending.
    func forEach(_ body: (Int) -> Void) {
        for word in 0..<8 {
            var bits = words[word]
            while bits != 0 {
                body(64 * word + bits.trailingZeroBitCount)
                bits &= bits - 1
            }
        }
    }
}
