/// The tokens of a vocabulary as bytes, found by their bytes: a hash table of open addresses over one array of all bytes.
struct TokenVocabulary: Sendable {
    private var bytes: [UInt8] = []
    /// Where each token ends in `bytes`; the one before it ends where it begins.
    private var ends: [UInt32] = [0]
    private var ids: [UInt32] = []
    /// Numbers of tokens from 1, at the place of their hash or the next free one; 0 is free. A power of two, at most half full.
    private var slots: [UInt32]
    /// The bytes of the longest token.
    private(set) var longest = 0

    /// - Parameter capacity: how many tokens will be inserted at most.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = [UInt32](repeating: 0, count: size)
        ids.reserveCapacity(capacity)
        ends.reserveCapacity(capacity + 1)
    }

    init(_ reader: inout FlatReader) throws(FlatReader.Broken) {
        (bytes, ends, ids) = (try reader.array(), try reader.array(), try reader.array())
        (slots, longest) = (try reader.array(), try reader.number())
        guard slots.count.nonzeroBitCount == 1, ids.count * 2 <= slots.count, ends.count == ids.count + 1 else { throw FlatReader.Broken() }
    }

    func write(to writer: inout FlatWriter) {
        writer.array(bytes)
        writer.array(ends)
        writer.array(ids)
        writer.array(slots)
        writer.number(longest)
    }

    var count: Int { ids.count }

    /// Adds a token; false when it is there already, or when there is no room for it.
    mutating func insert(_ token: [UInt8], id: UInt32) -> Bool {
        guard count * 2 < slots.count, !token.isEmpty else { return false }
        let slot = slot(of: token.span, 0..<token.count)
        guard slots[slot] == 0 else { return false }
        bytes.append(contentsOf: token)
        ends.append(UInt32(bytes.count))
        ids.append(id)
        slots[slot] = UInt32(ids.count)
        longest = max(longest, token.count)
        return true
    }

    /// The id of the token that `range` of `text` is, nil when it is none.
    func id(of text: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt32? {
        guard range.count <= longest else { return nil }
        let token = slots[slot(of: text, range)]
        return token == 0 ? nil : ids[Int(token) - 1]
    }

    /// Where the token stands, or the free slot where it would.
    private func slot(of text: borrowing Span<UInt8>, _ range: Range<Int>) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: Self.hash(text, range)) & mask
        while slots[slot] != 0, !isEqual(Int(slots[slot]) - 1, text, range) { slot = (slot + 1) & mask }
        return slot
    }

    private func isEqual(_ token: Int, _ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        let start = Int(ends[token])
        guard Int(ends[token + 1]) - start == range.count else { return false }
        for offset in 0..<range.count where bytes[start + offset] != text[range.lowerBound + offset] { return false }
        return true
    }

    /// FNV-1a, with its bits scattered at the end.
    private static func hash(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for position in range { hash = (hash ^ UInt64(text[position])) &* 0x100_0000_01B3 }
        return StableHash.mixed(hash)
    }
}
