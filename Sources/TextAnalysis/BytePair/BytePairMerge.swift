/// Joins the bytes of a piece to tokens: of all neighbours that form a token, again and again those of the lowest rank, the leftmost
/// first. Takes n log n time for n bytes. Its arrays are used again for the next piece.
struct BytePairMerge {
    private static let none = UInt32.max

    /// By the byte a part begins at: where the part after it begins (the piece's length for the last one) and where the one before it.
    private var next: [Int] = []
    private var previous: [Int] = []
    private var ids: [UInt32] = []
    /// By the byte a part begins at: the rank and id of the token it forms with the part after it; `none` for none and for no part.
    private var ranks: [UInt32] = []
    private var joinedIDs: [UInt32] = []
    /// A binary heap of ranks in the high half and places in the low half; what a later join has changed is passed over.
    private var queue: [UInt64] = []

    /// The ids of the tokens of `piece` in order; `UInt32.max` for a byte that the vocabulary lacks.
    mutating func forEachToken(
        of piece: Range<Int>, in text: borrowing Span<UInt8>, _ tokenizer: BytePairTokenizer, _ body: (UInt32) -> Void
    ) {
        begin(piece, in: text, tokenizer)
        while let entry = popLowest() {
            let place = Int(entry & 0xFFFF_FFFF)
            guard ranks[place] == UInt32(entry >> 32) else { continue }
            let absorbed = next[place]
            ids[place] = joinedIDs[place]
            next[place] = next[absorbed]
            if next[place] < piece.count { previous[next[place]] = place }
            ranks[absorbed] = Self.none
            rank(place, of: piece, in: text, tokenizer)
            if previous[place] >= 0 { rank(previous[place], of: piece, in: text, tokenizer) }
        }
        var place = 0
        while place < piece.count {
            body(ids[place])
            place = next[place]
        }
    }

    private mutating func begin(_ piece: Range<Int>, in text: borrowing Span<UInt8>, _ tokenizer: BytePairTokenizer) {
        next.removeAll(keepingCapacity: true)
        previous.removeAll(keepingCapacity: true)
        ids.removeAll(keepingCapacity: true)
        for place in 0..<piece.count {
            next.append(place + 1)
            previous.append(place - 1)
            ids.append(tokenizer.id(ofByte: text[piece.lowerBound + place]) ?? Self.none)
        }
        ranks.removeAll(keepingCapacity: true)
        ranks.append(contentsOf: repeatElement(Self.none, count: piece.count))
        joinedIDs.removeAll(keepingCapacity: true)
        joinedIDs.append(contentsOf: repeatElement(Self.none, count: piece.count))
        queue.removeAll(keepingCapacity: true)
        for place in 0..<piece.count { rank(place, of: piece, in: text, tokenizer) }
    }

    /// Looks up what the part at `place` forms with the one after it.
    private mutating func rank(_ place: Int, of piece: Range<Int>, in text: borrowing Span<UInt8>, _ tokenizer: BytePairTokenizer) {
        let second = next[place]
        ranks[place] = Self.none
        guard second < piece.count else { return }
        let bytes = (piece.lowerBound + place)..<(piece.lowerBound + next[second])
        guard let joined = tokenizer.join(ids[place], ids[second], of: text, bytes) else { return }
        ranks[place] = joined.rank
        joinedIDs[place] = joined.id
        push(UInt64(joined.rank) << 32 | UInt64(place))
    }

    // MARK: - The heap

    private mutating func push(_ entry: UInt64) {
        queue.append(entry)
        var child = queue.count - 1
        while child > 0, case let parent = (child - 1) / 2, queue[child] < queue[parent] {
            queue.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func popLowest() -> UInt64? {
        guard let lowest = queue.first, let last = queue.popLast() else { return nil }
        guard !queue.isEmpty else { return lowest }
        queue[0] = last
        var parent = 0
        while case let left = 2 * parent + 1, left < queue.count {
            let least = left + 1 < queue.count && queue[left + 1] < queue[left] ? left + 1 : left
            if queue[parent] <= queue[least] { break }
            queue.swapAt(parent, least)
            parent = least
        }
        return lowest
    }
}
