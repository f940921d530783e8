/// The pairs of tokens that may be joined, found by their ids: a hash table of open addresses.
struct MergeTable: Sendable {
    private static let free = UInt64.max

    /// Both ids of a pair at the place of their hash or the next free one. A power of two, at most half full.
    private var pairs: [UInt64]
    /// By the same place: the rank and the id of what they form.
    private var joined: [UInt64]
    private var count = 0

    /// - Parameter capacity: how many pairs will be inserted at most.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        pairs = [UInt64](repeating: Self.free, count: size)
        joined = [UInt64](repeating: 0, count: size)
    }

    init(_ reader: inout FlatReader) throws(FlatReader.Broken) {
        (pairs, joined, count) = (try reader.array(), try reader.array(), try reader.number())
        guard pairs.count.nonzeroBitCount == 1, joined.count == pairs.count, count * 2 <= pairs.count else { throw FlatReader.Broken() }
    }

    func write(to writer: inout FlatWriter) {
        writer.array(pairs)
        writer.array(joined)
        writer.number(count)
    }

    /// What stands a second time replaces the first; what there is no room for is left out.
    mutating func insert(_ first: UInt32, _ second: UInt32, _ result: BytePairTokenizer.Joined) {
        let pair = Self.pair(first, second)
        let place = place(of: pair)
        if pairs[place] == Self.free {
            guard pair != Self.free, count * 2 < pairs.count else { return }
            count += 1
        }
        pairs[place] = pair
        joined[place] = Self.pair(result.rank, result.id)
    }

    subscript(first: UInt32, second: UInt32) -> BytePairTokenizer.Joined? {
        let place = place(of: Self.pair(first, second))
        guard pairs[place] != Self.free else { return nil }
        return .init(rank: UInt32(joined[place] >> 32), id: UInt32(truncatingIfNeeded: joined[place]))
    }

    /// Where the pair stands, or the free place where it would.
    private func place(of pair: UInt64) -> Int {
        let mask = pairs.count - 1
        var place = Int(truncatingIfNeeded: StableHash.mixed(pair)) & mask
        while pairs[place] != Self.free, pairs[place] != pair { place = (place + 1) & mask }
        return place
    }

    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 {
        UInt64(first) << 32 | UInt64(second)
    }
}
