import RowFilters
import FoundationEssentials

/// What is known of a partition's rows while they are loaded. Every method says what is wrong, or nil.
struct LoadedRows {
    let used: [Int]
    let live: Bitmap
    let chunks: [RowChunk?]
    private(set) var liveInChunk: [Int]
    private(set) var slots = SlotTable()
    private(set) var deadInList: [Int] = []
    /// Rows that have got their places.
    private(set) var placed = 0

    init(used: [Int], live: Bitmap, chunks: [RowChunk?]) {
        self.used = used
        self.live = live
        self.chunks = chunks
        liveInChunk = [Int](repeating: 0, count: used.count)
    }

    /// Only rows that were given out may be live.
    var problemWithSlots: String? {
        for (word, bits) in live.words.enumerated() {
            let first = word * UInt64.bitWidth
            let rows = used[first >> RowChunk.shift] - (first & (RowChunk.maximumCapacity - 1))
            let allowed: UInt64 = rows >= 64 ? .max : rows <= 0 ? 0 : (1 << UInt64(rows)) - 1
            if bits & ~allowed != 0 { return "rows of chunk \(first >> RowChunk.shift) are live that are not there" }
        }
        return nil
    }

    mutating func fillSlotTable() -> String? {
        let chunks = chunks
        var table = SlotTable(capacity: live.count)
        var problem: String?
        live.forEach { slot in
            guard problem == nil, let id = chunks[slot.chunk]?.id(slot.row) else { return }
            liveInChunk[slot.chunk] += 1
            switch table.add(id, slot: slot, idOf: { chunks[$0.chunk]?.id($0.row) ?? id }) {
            case .added: break
            case .alreadyThere: problem = "row \(id) is there twice"
            case .crowded: problem = "too many ids collide with \(id)"
            }
        }
        slots = table
        return problem
    }

    /// Tells the rows of a list where their codes lie.
    mutating func place(_ list: CodeList, number: Int) -> String? {
        var dead = 0
        for row in 0..<list.count {
            let slot = list.slot(row)
            // Codes of dead rows may name chunks that were dropped.
            guard slot.chunk < used.count, used[slot.chunk] == 0 || slot.row < used[slot.chunk] else {
                return "list \(number) has a code of row \(slot), which is not there"
            }
            guard live.contains(slot), let chunk = chunks[slot.chunk] else {
                dead += 1
                continue
            }
            if chunk[place: slot.row] != .none { return "row \(slot) has two codes" }
            chunk[place: slot.row] = Place(list: number, row: row)
            placed += 1
        }
        deadInList.append(dead)
        return nil
    }
}
