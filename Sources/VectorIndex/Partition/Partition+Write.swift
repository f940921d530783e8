import RowFilters
import CVectorKernels
import FoundationEssentials
import Synchronization

/// A change of a partition in the making: invisible until it is published.
struct PartitionChange {
    private(set) var chunks: [RowChunk?]
    private(set) var lists: [CodeList]
    private(set) var space: CodeSpace?
    private(set) var coarse: CoarseQuantizer?
    /// Rows that become visible, and those that cease to be.
    var born: [Slot] = []
    private(set) var died = Set<Slot>()
    /// Counts of lists that codes were appended to, and lists that were exchanged for copies without dead rows.
    private(set) var appended: [Int: Int] = [:]
    private(set) var rewritten = Set<Int>()
    private let old: PartitionView
    private var exchangesTable = false
    /// Whether all lists were exchanged.
    private(set) var isRestructured = false

    init(_ view: PartitionView) {
        old = view
        chunks = view.table.chunks
        lists = view.table.lists
        space = view.table.space
        coarse = view.table.coarse
    }

    var liveBefore: Bitmap { old.live }

    func id(_ slot: Slot) -> UUID? {
        chunks[slot.chunk]?.id(slot.row)
    }

    func place(_ slot: Slot) -> Place {
        chunks[slot.chunk]?[place: slot.row] ?? .none
    }

    func setPlace(_ slot: Slot, _ place: Place) {
        chunks[slot.chunk]?[place: slot.row] = place
    }

    mutating func kill(_ slot: Slot) {
        died.insert(slot)
    }

    mutating func changeChunks<Result>(_ body: (inout [RowChunk?]) -> Result) -> Result {
        exchangesTable = true
        return body(&chunks)
    }

    /// Appends a code to a list that has room.
    mutating func append(_ slot: Slot, code: UnsafePointer<UInt8>, factors: bunko_code_factors, to list: Int) {
        let row = appended[list] ?? lists[list].count
        lists[list].write(row, code: code, factors: factors, slot: slot)
        setPlace(slot, Place(list: list, row: row))
        appended[list] = row + 1
    }

    /// Exchanges a list that has no room for so many more rows. Nothing may have been appended to it in this change.
    mutating func makeRoom(for added: Int, in number: Int) {
        let needed = lists[number].count + added
        // A list that holds all rows grows as they are loaded, and each time fresh memory takes longer than the copying.
        let spare = lists.count == 1 ? needed / 2 : needed / 5
        if needed > lists[number].capacity { rewrite(number, capacity: needed + max(4, spare)) }
    }

    /// Copies a list's surviving rows into a new one. Nothing may have been appended to it in this change.
    mutating func rewrite(_ number: Int, capacity: Int? = nil) {
        let list = lists[number]
        let (live, died) = (old.live, died)
        let dead = (0..<list.count).filter { !live.contains(list.slot($0)) || died.contains(list.slot($0)) }
        if dead.isEmpty {
            // Every row stays in its place.
            lists[number] = list.copy(capacity: capacity ?? list.count)
        } else {
            for row in dead where place(list.slot(row)) == Place(list: number, row: row) { setPlace(list.slot(row), .none) }
            let copy = list.copy(capacity: capacity ?? list.count) { live.contains($0) && !died.contains($0) ? $0 : nil }
            for row in 0..<copy.count { setPlace(copy.slot(row), Place(list: number, row: row)) }
            lists[number] = copy
        }
        rewritten.insert(number)
        exchangesTable = true
    }

    /// Puts lists in place of those with their numbers, or behind the last; `count` lists stay. The rows of the new lists get their places,
    /// other rows of the lists that go must be in one of the new ones.
    mutating func exchangeLists(_ exchanged: [Int: CodeList], count: Int, coarse: CoarseQuantizer) {
        for (number, list) in exchanged.sorted(by: { $0.key < $1.key }) {
            if number < lists.count { lists[number] = list } else { lists.append(list) }
            for row in 0..<list.count { setPlace(list.slot(row), Place(list: number, row: row)) }
            rewritten.insert(number)
        }
        lists.removeLast(lists.count - count)
        self.coarse = coarse
        exchangesTable = true
    }

    mutating func exchangeCalibration(_ calibration: ProbeCalibration) {
        coarse = coarse.map { CoarseQuantizer($0, calibration: calibration) }
        exchangesTable = true
    }

    /// Puts other lists in place of all; their rows' places are set.
    mutating func exchangeStructure(lists: [CodeList], space: CodeSpace?, coarse: CoarseQuantizer?) {
        self.lists = lists
        self.space = space
        self.coarse = coarse
        exchangesTable = true
        isRestructured = true
        rewritten = Set(lists.indices)
        appended = [:]
        if lists.isEmpty { old.live.forEach { setPlace($0, .none) } }
        for (number, list) in lists.enumerated() {
            for row in 0..<list.count { setPlace(list.slot(row), Place(list: number, row: row)) }
        }
    }

    /// The table to publish.
    func table() -> PartitionTable {
        exchangesTable ? PartitionTable(chunks: chunks, lists: lists, space: space, coarse: coarse) : old.table
    }
}

extension Partition {
    /// Inserts or replaces rows; they become visible together. Of two rows with one id the later stays.
    func upsert(_ rows: [NormedRow]) {
        let prepared = PreparedChunks(rows, dimensions: dimensions, rotation: rotation, table: view.withLock { $0.table })
        writer.withLock { writer in
            var change = PartitionChange(view.withLock { $0 })
            let adopted = prepared.flatMap { prepared in change.changeChunks { writer.chunks.adopt(prepared.chunks, chunks: &$0) } }
            let whole = adopted ?? []
            let others = reserve(rows.count - whole.count, &change, &writer)
            for (slot, source) in zip(others, rows.dropFirst(whole.count)) { change.chunks[slot.chunk]?.write(slot.row, source) }
            let slots = whole + others
            for slot in slots { writer.chunks.addLive(slot) }
            change.born = slots
            writer.attributes.append(slots, rows.map(\.row.attributes))
            writer.changesSinceCalibration += rows.count
            code(slots, adopted == nil ? nil : prepared?.codes, in: &change)
            ids.withLock { ids in
                for (slot, source) in zip(slots, rows) {
                    let replaced = ids.set(source.row.id, to: slot, idOf: { change.id($0) ?? source.row.id })
                    if let replaced { change.kill(replaced) }
                }
                writer.idBytes = ids.bytes
                publish(change, &writer)
            }
            restructure(&writer)
        }
    }

    /// Removes rows; no search that starts after the return finds them. Returns how many were there.
    func remove(_ removed: [UUID]) -> Int {
        writer.withLock { writer in
            var change = PartitionChange(view.withLock { $0 })
            ids.withLock { ids in
                for id in removed {
                    if let slot = ids.remove(id, idOf: { change.id($0) ?? id }) { change.kill(slot) }
                }
                writer.changesSinceCalibration += change.died.count
                publish(change, &writer)
            }
            restructure(&writer)
            return change.died.count
        }
    }

    /// Appends the codes of written rows to their lists.
    /// - Parameter prepared: those of the first rows, if they were made beforehand; made anew when the space or the lists have changed since.
    private func code(_ slots: [Slot], _ prepared: CodedRows?, in change: inout PartitionChange) {
        guard let space = change.space, !slots.isEmpty else { return }
        let prepared = prepared.flatMap { $0.fit(space, change.coarse) ? $0 : nil }
        let chunks = change.chunks
        let rest = slots.dropFirst(prepared?.count ?? 0).compactMap { slot in chunks[slot.chunk].map { (slot, $0.vector(slot.row)) } }
        let fresh = CodedRows(count: rest.count, space: space, coarse: change.coarse, rotation: rotation) { rest[$0].1 }
        for (list, added) in fresh.counts.merging(prepared?.counts ?? [:], uniquingKeysWith: +) { change.makeRoom(for: added, in: list) }
        prepared?.append(to: &change, slots: slots)
        fresh.append(to: &change, slots: rest.map(\.0))
    }

    /// Slots for new rows; a row of a chunk that is already there needs no new table.
    func reserve(_ count: Int, _ change: inout PartitionChange, _ writer: inout PartitionWriter) -> [Slot] {
        if let slots = writer.chunks.reserveInCurrent(count, chunks: change.chunks) { return slots }
        return change.changeChunks { writer.chunks.reserve(count, chunks: &$0, dimensions: dimensions) }
    }

    /// Makes a change visible at once. What it does to the ids must be done under the same lock of theirs.
    func publish(_ change: PartitionChange, _ writer: inout PartitionWriter) {
        for (list, count) in change.appended { change.lists[list].publish(count) }
        let missing = change.lists.count - writer.deadInList.count
        if missing > 0 { writer.deadInList += [Int](repeating: 0, count: missing) } else { writer.deadInList.removeLast(-missing) }
        for list in change.rewritten { writer.deadInList[list] = 0 }
        var shrunk = Set<Int>()
        for slot in change.died {
            writer.chunks.removeLive(slot)
            let place = change.place(slot)
            guard place != .none, place.list < writer.deadInList.count else { continue }
            writer.deadInList[place.list] += 1
            shrunk.insert(place.list)
        }
        if change.isRestructured {
            writer.largeLists = []
            writer.smallLists = []
            writer.indivisible = [:]
        }
        if change.coarse != nil, change.lists.count > 0 {
            let rows = view.withLock { $0.liveCount } + change.born.count - change.died.count
            for (list, count) in change.appended where isLarge(count - writer.deadInList[list], of: rows, in: change.lists.count) {
                if count > 2 * writer.indivisible[list, default: 0] { writer.largeLists.insert(list) }
            }
            for list in shrunk {
                let count = change.appended[list] ?? change.lists[list].count
                if isSmall(count - writer.deadInList[list], of: rows, in: change.lists.count) { writer.smallLists.insert(list) }
            }
        }
        let table = change.table()
        let (stored, attributes) = (writer.chunks.storedCount, writer.attributes.table)
        let bookkeepingBytes = writer.idBytes + writer.attributes.bytes
        view.withLock { view in
            view.table = table
            view.live.acquireOrder()
            view.live.reserve(change.chunks.count << RowChunk.shift)
            for slot in change.born { view.live.insert(slot) }
            for slot in change.died { view.live.remove(slot) }
            view.liveCount += change.born.count - change.died.count
            view.storedCount = stored
            view.attributes = attributes
            view.bookkeepingBytes = bookkeepingBytes
        }
    }
}
