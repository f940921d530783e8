import FoundationEssentials

/// Which rows a partition has and where they lie: a value that is changed only under the partition's lock.
struct RowTable {
    struct Slot: Equatable {
        /// `RowBlock.number`: stays valid when other blocks go.
        var block: Int
        var row: Int
    }

    /// Rows of one block that were written and wait to be published.
    struct Span {
        let block: RowBlock
        let rows: Range<Int>
    }

    /// By ascending block number; only the last may have unused rows.
    private(set) var blocks: [BlockView] = []
    private(set) var slots: [UUID: Slot] = [:]
    private(set) var tombstones = 0
    private var nextBlockNumber = 0

    var liveCount: Int { slots.count }
    var storedCount: Int { slots.count + tombstones }
    var bytes: Int { blocks.reduce(0) { $0 + $1.block.bytes } }

    /// Room for `count` more rows: the rest of the last block unless that is about to be dropped, then new blocks, each as large as all
    /// before it up to 512 rows, so that a small partition stays small.
    mutating func reserve(_ count: Int, dimensions: Int, avoiding dropped: Set<Int> = []) -> [Span] {
        var spans: [Span] = []
        var remaining = count
        if let last = blocks.last, !dropped.contains(last.block.number), last.count < last.block.capacity, count > 0 {
            let rows = last.count..<min(last.block.capacity, last.count + count)
            spans.append(Span(block: last.block, rows: rows))
            remaining -= rows.count
        }
        var size = dropped.isEmpty ? storedCount : liveCount
        while remaining > 0 {
            let capacity = min(RowMask.capacity, Self.powerOfTwo(atLeast: max(16, remaining, size)))
            let rows = 0..<min(capacity, remaining)
            spans.append(Span(block: RowBlock(number: nextBlockNumber, capacity: capacity, dimensions: dimensions), rows: rows))
            nextBlockNumber += 1
            remaining -= rows.count
            size += rows.count
        }
        return spans
    }

    /// Makes reserved and written rows visible; a row whose id is already there replaces it.
    mutating func publish(_ spans: [Span]) {
        for span in spans {
            if let last = blocks.indices.last, blocks[last].block === span.block {
                blocks[last].count = span.rows.upperBound
            } else {
                blocks.append(BlockView(block: span.block, count: span.rows.upperBound, live: RowMask()))
            }
            let position = blocks.count - 1
            for row in span.rows {
                blocks[position].live.insert(row)
                let slot = Slot(block: span.block.number, row: row)
                if let old = slots.updateValue(slot, forKey: span.block.id(row)) { bury(old) }
            }
        }
    }

    /// Turns a row into a tombstone. True when it was there.
    mutating func remove(_ id: UUID) -> Bool {
        guard let slot = slots.removeValue(forKey: id) else { return false }
        bury(slot)
        return true
    }

    /// Takes blocks out whose live rows have been moved elsewhere.
    mutating func drop(_ numbers: Set<Int>) {
        for view in blocks where numbers.contains(view.block.number) { tombstones -= view.tombstones }
        blocks.removeAll { numbers.contains($0.block.number) }
    }

    /// Position in `blocks` of the block with this number. Logarithmic in the number of blocks.
    func position(ofBlock number: Int) -> Int? {
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].block.number < number { low = middle + 1 } else { high = middle }
        }
        return low < blocks.count && blocks[low].block.number == number ? low : nil
    }

    private mutating func bury(_ slot: Slot) {
        guard let position = position(ofBlock: slot.block) else { return }
        blocks[position].live.remove(slot.row)
        tombstones += 1
    }

    private static func powerOfTwo(atLeast count: Int) -> Int {
        count <= 1 ? 1 : 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
    }
}
