import RowFilters
import FoundationEssentials

/// Finds a row's slot by its id: open addressing over 4-byte slots, whose ids are read from the rows themselves. About 6 bytes a row.
struct SlotTable {
    private static let empty = Slot.max
    /// Among a million random ids in a table three quarters full the longest run is about 400.
    private static let longestRun = 4_096

    private var slots: [Slot] = []
    private(set) var count = 0

    var bytes: Int { slots.count * MemoryLayout<Slot>.stride }

    /// The slot of the row with this id. `idOf` tells the id of a slot that is in the table.
    func find(_ id: UUID, idOf: (Slot) -> UUID) -> Slot? {
        guard !slots.isEmpty else { return nil }
        let slot = slots[position(of: id, idOf: idOf)]
        return slot == Self.empty ? nil : slot
    }

    /// Sets the slot of an id; returns the one it had.
    mutating func set(_ id: UUID, to slot: Slot, idOf: (Slot) -> UUID) -> Slot? {
        if (count + 1) * 6 > slots.count * 5 { grow(idOf: idOf) }
        let position = position(of: id, idOf: idOf)
        let old = slots[position]
        slots[position] = slot
        if old == Self.empty { count += 1 }
        return old == Self.empty ? nil : old
    }

    /// An empty table with room for so many rows.
    init(capacity: Int = 0) {
        if capacity > 0 { slots = [Slot](repeating: Self.empty, count: max(16, capacity + capacity / 3)) }
    }

    /// Whether an id from a file could be added.
    enum Addition {
        case added, alreadyThere
        /// So many ids share their start that somebody must have chosen them so: looking them up would take for ever.
        case crowded
    }

    /// Adds an id to a table that was made with room for it.
    mutating func add(_ id: UUID, slot: Slot, idOf: (Slot) -> UUID) -> Addition {
        var position = start(of: id)
        for _ in 0..<Self.longestRun {
            if slots[position] == Self.empty {
                slots[position] = slot
                count += 1
                return .added
            }
            if idOf(slots[position]) == id { return .alreadyThere }
            position = following(position)
        }
        return .crowded
    }

    /// Takes an id out; returns its slot.
    mutating func remove(_ id: UUID, idOf: (Slot) -> UUID) -> Slot? {
        guard !slots.isEmpty else { return nil }
        var hole = position(of: id, idOf: idOf)
        let removed = slots[hole]
        guard removed != Self.empty else { return nil }
        // Later members of the run move into the hole unless they would then lie before their own start.
        var next = following(hole)
        while slots[next] != Self.empty {
            let start = start(of: idOf(slots[next]))
            let staysReachable = hole <= next ? (start <= hole || start > next) : (start <= hole && start > next)
            if staysReachable {
                slots[hole] = slots[next]
                hole = next
            }
            next = following(next)
        }
        slots[hole] = Self.empty
        count -= 1
        return removed
    }

    /// Calls `body` with each slot, in no particular order.
    func forEach(_ body: (Slot) -> Void) {
        for slot in slots where slot != Self.empty { body(slot) }
    }

    /// Replaces every slot by the one that now holds its row.
    mutating func renumber(_ numbered: (Slot) -> Slot) {
        for position in slots.indices where slots[position] != Self.empty { slots[position] = numbered(slots[position]) }
    }

    private func start(of id: UUID) -> Int {
        let (high, low) = withUnsafeBytes(of: id.uuid) { ($0.load(as: UInt64.self), $0.load(fromByteOffset: 8, as: UInt64.self)) }
        var mixed = (high ^ low &* 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
        mixed ^= mixed >> 32
        // The high bits of a product choose among any number of positions, not only powers of two.
        return Int((mixed &* 0x94D0_49BB_1331_11EB).multipliedFullWidth(by: UInt64(slots.count)).high)
    }

    private func following(_ position: Int) -> Int {
        position + 1 == slots.count ? 0 : position + 1
    }

    private func position(of id: UUID, idOf: (Slot) -> UUID) -> Int {
        var position = start(of: id)
        while slots[position] != Self.empty, idOf(slots[position]) != id { position = following(position) }
        return position
    }

    private mutating func grow(idOf: (Slot) -> UUID) {
        let old = slots
        slots = [Slot](repeating: Self.empty, count: max(16, old.count + old.count / 3))
        for slot in old where slot != Self.empty {
            slots[position(of: idOf(slot), idOf: idOf)] = slot
        }
    }
}
