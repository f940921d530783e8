/// Attributes as the writer of a partition keeps them: the table that readers look into, and for each row the codes of its keywords, so that
/// a row can be moved without looking for it under every keyword.
package struct AttributeWriter: Sendable {
    /// The keywords of a chunk's rows.
    fileprivate struct ChunkCodes: Sendable {
        /// By row, where its codes end in `codes`.
        var ends: [UInt32] = []
        var codes: [UInt32] = []
    }

    /// Nil while no row had attributes.
    package private(set) var table: AttributeTable?
    private var chunks: [Int: ChunkCodes] = [:]
    /// Memory of the codes.
    package private(set) var bytes = 0

    /// Rows that are added under one hold of the table's lock.
    private static let rowsPerStep = 64

    package init() {}

    /// Gives slots, each higher than any before, their attributes.
    package mutating func append(_ slots: some Sequence<Slot>, _ attributes: [RowAttributes]) {
        guard attributes.contains(where: { !$0.isEmpty }) else { return }
        append(zip(slots, attributes).filter { !$1.isEmpty }.map { (to: $0, from: $1) }) { content, attributes in
            let codes = attributes.keywords.flatMap { key, keywords in keywords.map { content.code(key, Keyword($0)) } }
            return (codes, attributes.numbers.map { (key: $0, value: $1) })
        }
    }

    /// Gives slots, each higher than any before, the attributes that rows have elsewhere in the table.
    package mutating func move(_ moving: [Slot], to slots: [Slot]) {
        guard table != nil else { return }
        let sources = moving.map { (slot: $0, codes: codes(at: $0)) }
        append(zip(slots, sources).map { (to: $0, from: $1) }) { content, source in
            (source.codes, content.numbers(at: source.slot))
        }
    }

    /// Forgets the codes of rows that are gone. Readers' views may still need what the table holds of them; the next renumbering drops it.
    package mutating func drop(chunk: Int) {
        if let codes = chunks.removeValue(forKey: chunk) { bytes -= codes.bytes }
    }

    /// Makes a new table, in which live rows have other slots, in the same order, and dead ones none.
    package mutating func renumber(_ live: Bitmap, _ numbered: (Slot) -> Slot?) {
        guard table != nil else { return }
        var renumbered = AttributeWriter()
        renumbered.append(live.slots.compactMap { slot in numbered(slot).map { (to: $0, from: slot) } }, of: self)
        self = renumbered
    }

    /// Gives slots, each higher than any before, the attributes that rows have in another table.
    package mutating func append(_ rows: [(to: Slot, from: Slot)], of other: AttributeWriter) {
        guard let old = other.table?.withContent({ $0 }) else { return }
        var known = [UInt32?](repeating: nil, count: old.terms.count)
        append(rows.map { (to: $0.to, from: (slot: $0.from, codes: other.codes(at: $0.from))) }) { content, source in
            let codes = source.codes.map { code in
                if let same = known[Int(code)] { return same }
                let term = old.terms[Int(code)]
                let new = content.code(term.key, term.keyword)
                known[Int(code)] = new
                return new
            }
            return (codes, old.numbers(at: source.slot))
        }
    }

    /// Codes of the keywords of a row.
    package func codes(at slot: Slot) -> ArraySlice<UInt32> {
        guard let chunk = chunks[slot.chunk], slot.row < chunk.ends.count else { return [] }
        return chunk.codes[(slot.row == 0 ? 0 : Int(chunk.ends[slot.row - 1]))..<Int(chunk.ends[slot.row])]
    }

    /// Gives slots, each higher than any before, the attributes that the closure knows of their sources.
    package mutating func append<Source, Codes: Sequence<UInt32>>(
        _ rows: [(to: Slot, from: Source)],
        _ attributes: (inout AttributeTable.Content, Source) -> (codes: Codes, numbers: [(key: String, value: Double)])
    ) {
        let table = table ?? AttributeTable()
        self.table = table
        for first in stride(from: 0, to: rows.count, by: Self.rowsPerStep) {
            table.withContent { content in
                for (slot, source) in rows[first..<min(rows.count, first + Self.rowsPerStep)] {
                    let (codes, numbers) = attributes(&content, source)
                    content.append(slot, codes: codes, numbers: numbers)
                    bytes += chunks[slot.chunk, default: ChunkCodes()].append(codes, at: slot.row)
                }
            }
        }
    }
}

extension AttributeWriter.ChunkCodes {
    fileprivate var bytes: Int { (ends.count + codes.count) * MemoryLayout<UInt32>.stride }

    /// Sets the codes of a row, higher than any before; returns how many bytes that took.
    fileprivate mutating func append(_ codes: some Sequence<UInt32>, at row: Int) -> Int {
        let before = bytes
        while ends.count < row { ends.append(UInt32(self.codes.count)) }
        self.codes.append(contentsOf: codes)
        ends.append(UInt32(self.codes.count))
        return bytes - before
    }
}
