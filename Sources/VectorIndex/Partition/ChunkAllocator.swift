import RowFilters

/// Gives out slots: chunk after chunk, ascending in each. A dropped chunk's number is not used again, since lists may still hold codes of its
/// dead rows, until all are renumbered.
struct ChunkAllocator {
    private struct Usage {
        var used = 0
        var live = 0
        var isDropped = false
    }

    private var usage: [Usage] = []
    private var current: Int?
    private(set) var storedCount = 0

    /// Nothing given out.
    init() {}

    /// Chunks that are closed, with the numbers of rows that were given out and that are live in each; without any, a chunk was dropped.
    init(closed chunks: [(used: Int, live: Int)]) {
        usage = chunks.map { Usage(used: $0.used, live: $0.live, isDropped: $0.used == 0) }
        storedCount = chunks.reduce(0) { $0 + $1.used }
    }

    /// Rows given out in each chunk.
    var usedRows: [Int] { usage.map(\.used) }

    /// Rows given out in one chunk.
    func usedRows(in number: Int) -> Int { usage[number].used }

    /// Reserves `count` slots, adding chunks to `chunks` where the last one is full. A chunk is as large as all rows before it, up to
    /// 1,024, so that a small partition stays small.
    mutating func reserve(_ count: Int, chunks: inout [RowChunk?], dimensions: Int) -> [Slot] {
        var slots: [Slot] = []
        slots.reserveCapacity(count)
        while slots.count < count {
            if let number = current, let chunk = chunks[number], usage[number].used < chunk.capacity {
                let first = usage[number].used
                let taken = min(chunk.capacity - first, count - slots.count)
                slots += (first..<first + taken).lazy.map { Slot(chunk: number, row: $0) }
                usage[number].used += taken
                storedCount += taken
            } else {
                let wanted = max(16, count - slots.count, storedCount)
                let capacity = min(RowChunk.maximumCapacity, 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount))
                current = addChunk(RowChunk(capacity: capacity, dimensions: dimensions), to: &chunks)
            }
        }
        return slots
    }

    /// The same when the last chunk has room for all; else nil, and nothing is reserved.
    mutating func reserveInCurrent(_ count: Int, chunks: [RowChunk?]) -> [Slot]? {
        guard let number = current, let chunk = chunks[number], usage[number].used + count <= chunk.capacity else { return nil }
        let first = usage[number].used
        usage[number].used += count
        storedCount += count
        return (first..<first + count).map { Slot(chunk: number, row: $0) }
    }

    /// Takes in chunks whose every row is written, behind the others in `chunks`, and closes the last one, since slots ascend. Nil, and
    /// nothing is taken, when that one must not be closed yet.
    mutating func adopt(_ full: [RowChunk], chunks: inout [RowChunk?]) -> [Slot]? {
        if let number = current, let chunk = chunks[number], !mayClose(number, chunk) { return nil }
        current = nil
        return full.flatMap { chunk in
            let number = addChunk(chunk, to: &chunks)
            usage[number].used = chunk.capacity
            storedCount += chunk.capacity
            return (0..<chunk.capacity).map { Slot(chunk: number, row: $0) }
        }
    }

    private mutating func addChunk(_ chunk: RowChunk, to chunks: inout [RowChunk?]) -> Int {
        chunks.append(chunk)
        usage.append(Usage())
        return chunks.count - 1
    }

    mutating func addLive(_ slot: Slot) {
        usage[slot.chunk].live += 1
    }

    mutating func removeLive(_ slot: Slot) {
        usage[slot.chunk].live -= 1
    }

    /// Numbers of up to `limit` chunks of which more than a tenth is dead, those with the fewest live rows first.
    func sparseChunks(limit: Int) -> [Int] {
        let candidates = usage.indices.filter {
            !usage[$0].isDropped && $0 != current && (usage[$0].used - usage[$0].live) * 10 > usage[$0].used
        }
        return Array(candidates.sorted { usage[$0].live < usage[$1].live }.prefix(limit))
    }

    /// Whether most numbers, and more than `threshold`, belong to dropped chunks.
    func wantsRenumbering(over threshold: Int) -> Bool {
        let dropped = usage.count { $0.isDropped }
        return dropped > threshold && dropped * 2 > usage.count
    }

    /// Gives the chunks that are left the numbers from 0 on, in their order. Returns the new number of each.
    mutating func renumber(chunks: inout [RowChunk?]) -> [Int: Int] {
        var numbers: [Int: Int] = [:]
        for number in usage.indices where !usage[number].isDropped { numbers[number] = numbers.count }
        current = current.flatMap { numbers[$0] }
        chunks = chunks.compactMap(\.self)
        usage.removeAll(where: \.isDropped)
        return numbers
    }

    /// Lets the next reservation start a new chunk.
    mutating func closeCurrent() {
        current = nil
    }

    /// Whether a chunk may be closed: one that is less than a quarter full goes on, or closing again and again would use up the numbers.
    func mayClose(_ number: Int, _ chunk: RowChunk) -> Bool {
        number != current || usage[number].used * 4 >= chunk.capacity
    }

    /// Gives out no more rows of a chunk.
    mutating func close(_ number: Int) {
        if current == number { current = nil }
    }

    /// Takes a chunk without live rows out of `chunks`. Readers of earlier views keep its memory.
    mutating func drop(_ number: Int, chunks: inout [RowChunk?]) {
        chunks[number] = nil
        storedCount -= usage[number].used
        usage[number] = Usage(used: 0, live: 0, isDropped: true)
        if current == number { current = nil }
    }
}
