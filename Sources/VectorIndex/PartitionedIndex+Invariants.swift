import RowFilters
import CVectorKernels
import FoundationEssentials
import Synchronization

/// A broken promise of the index's own structure: a bug in this module.
public struct IndexInvariantViolation: Error, CustomStringConvertible {
    /// What does not hold, and where.
    public let description: String
}

extension PartitionedIndex {
    /// Checks the structure of every partition. For tests: reads every row and stops the writers of the partition it is in.
    ///
    /// Throws `IndexInvariantViolation`.
    public func checkInvariants() throws {
        for (id, partition) in all {
            try partition.checkInvariants(named: id)
        }
    }
}

extension Partition {
    fileprivate func checkInvariants(named id: UUID) throws {
        try writer.withLock { writer in
            let (ids, view) = idsAndView()
            let problems = [
                view.problemWithRows(ids), view.problemWithCodes(writer), view.problemWithCoding, view.problemWithAttributes(writer),
            ]
            for problem in problems.compactMap({ $0 }) {
                throw IndexInvariantViolation(description: "partition \(id): \(problem)")
            }
        }
    }
}

extension PartitionView {
    /// Ids, slots and vectors belong together; memory is not wasted.
    fileprivate func problemWithRows(_ ids: SlotTable) -> String? {
        if live.count != liveCount { return "\(live.count) live slots, but \(liveCount) rows" }
        if ids.count != liveCount { return "\(ids.count) ids, but \(liveCount) rows" }
        if storedCount < liveCount { return "\(storedCount) stored rows, but \(liveCount) live ones" }
        if (storedCount - liveCount) * 5 > storedCount + 80 { return "\(storedCount - liveCount) of \(storedCount) stored rows are dead" }
        var problem: String?
        live.forEach { slot in
            guard problem == nil else { return }
            guard let id = table.id(slot), let chunk = table.chunks[slot.chunk] else {
                problem = "slot \(slot) is live, but its chunk is gone"
                return
            }
            if ids.find(id, idOf: { table.id($0) ?? id }) != slot { problem = "row \(id) is not found at its slot \(slot)" }
            let norm = bunko_squared_norm(chunk.vector(slot.row), chunk.dimensions).squareRoot()
            if abs(norm - 1) > 1e-6 { problem = "row \(id) has norm \(norm)" }
        }
        return problem
    }

    /// Every live row has exactly one code, at its place.
    fileprivate func problemWithCodes(_ writer: borrowing PartitionWriter) -> String? {
        if table.lists.isEmpty { return table.space == nil && table.coarse == nil ? nil : "codes without lists" }
        if let coarse = table.coarse, coarse.lists != table.lists.count { return "\(coarse.lists) centroids, \(table.lists.count) lists" }
        if table.coarse == nil {
            if table.lists.count != 1 { return "\(table.lists.count) lists without centroids" }
            if !table.lists[0].inBlocks { return "the only list keeps no blocks" }
        }
        if !writer.largeLists.union(writer.smallLists).union(writer.indivisible.keys).isSubset(of: table.lists.indices) {
            return "lists that are not there are to be split or merged"
        }
        var coded = Bitmap()
        for (number, list) in table.lists.enumerated() {
            var dead = 0
            for row in 0..<list.count {
                let slot = list.slot(row)
                guard live.contains(slot) else {
                    dead += 1
                    continue
                }
                if coded.contains(slot) { return "slot \(slot) has two codes" }
                coded.insert(slot)
                if table.chunks[slot.chunk]?[place: slot.row] != Place(list: number, row: row) {
                    return "slot \(slot) lies in list \(number) at \(row), which is not its place"
                }
            }
            if writer.deadInList[number] != dead { return "list \(number) has \(dead) dead rows, counted are \(writer.deadInList[number])" }
        }
        return coded.count == liveCount ? nil : "\(coded.count) of \(liveCount) rows have codes"
    }

    /// A code is what its row's vector gives. Codes of snapshots from before the rotation of rows and centre apart may differ by a bit.
    fileprivate var problemWithCoding: String? {
        guard let space = table.space else { return nil }
        var scratch = [Float](repeating: 0, count: space.rotation.width)
        var expected = [UInt8](repeating: 0, count: space.codeBytes)
        var found = expected
        for list in table.lists {
            for row in 0..<list.count where live.contains(list.slot(row)) {
                let factors = space.encode(table.vector(list.slot(row)), scratch: &scratch, into: &expected)
                let stored = list.read(row, into: &found)
                if found != expected || factors.alpha != stored.alpha || factors.add != stored.add || factors.error != stored.error {
                    return "slot \(list.slot(row)) has another row's code"
                }
                if let blocks = list.blockedCodes, (row / 32 + 1) * 32 <= list.count {
                    let block = blocks[row / 32 * 32 * found.count..<(row / 32 + 1) * 32 * found.count]
                    if found.indices.contains(where: { block[block.startIndex + 32 * $0 + row % 32] != found[$0] }) {
                        return "the block of slot \(list.slot(row)) has another row's code"
                    }
                }
            }
        }
        return nil
    }
    /// Each row has the keywords that the writer has of it, and no others.
    fileprivate func problemWithAttributes(_ writer: borrowing PartitionWriter) -> String? {
        guard attributes === writer.attributes.table else { return "readers see other attributes than the writer" }
        guard let attributes else { return nil }
        let content = attributes.withContent { $0 }
        var problem: String?
        var listed = 0
        for (code, postings) in content.postings.enumerated() {
            var rows = Bitmap(capacity: live.capacity)
            postings.mark(in: &rows)
            rows.formIntersection(live)
            listed += rows.count
            rows.forEach { slot in
                if !writer.attributes.codes(at: slot).contains(UInt32(code)) { problem = "slot \(slot) has not keyword \(code)" }
            }
        }
        var known = 0
        live.forEach { known += Set(writer.attributes.codes(at: $0)).count }
        return problem ?? (listed == known ? nil : "\(listed) keywords are listed, but rows have \(known)")
    }
}
