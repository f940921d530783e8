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
        try writer.withLock { _ in
            let table = table.withLock { $0 }
            for problem in [table.problemWithBlocks, table.problemWithSlots, table.problemWithVectors].compactMap({ $0 }) {
                throw IndexInvariantViolation(description: "partition \(id): \(problem)")
            }
        }
    }
}

extension RowTable {
    fileprivate var problemWithBlocks: String? {
        let numbers = blocks.map(\.block.number)
        if zip(numbers, numbers.dropFirst()).contains(where: { $0 >= $1 }) { return "block numbers do not ascend: \(numbers)" }
        if tombstones * 5 > storedCount { return "\(tombstones) of \(storedCount) stored rows are tombstones" }
        let stored = blocks.reduce(0) { $0 + $1.count }
        if stored != storedCount { return "blocks store \(stored) rows, the table counts \(storedCount)" }
        for view in blocks where view.count > view.block.capacity || view.live.contains(anyFrom: view.count) {
            return "block \(view.block.number) shows rows beyond its \(view.count)"
        }
        return nil
    }

    fileprivate var problemWithSlots: String? {
        let live = blocks.reduce(0) { $0 + $1.live.count }
        if live != slots.count { return "\(live) live rows, but \(slots.count) ids" }
        for (id, slot) in slots {
            guard let position = position(ofBlock: slot.block) else { return "row \(id) lies in block \(slot.block), which is gone" }
            let view = blocks[position]
            guard view.live.contains(slot.row), view.block.id(slot.row) == id else { return "row \(id) is not live at \(slot)" }
        }
        return nil
    }

    fileprivate var problemWithVectors: String? {
        for (id, slot) in slots {
            guard let position = position(ofBlock: slot.block) else { continue }
            let block = blocks[position].block
            let norm = bunko_squared_norm(block.vector(slot.row), block.dimensions).squareRoot()
            if abs(norm - 1) > 1e-6 { return "row \(id) has norm \(norm)" }
        }
        return nil
    }
}

extension RowMask {
    fileprivate func contains(anyFrom row: Int) -> Bool {
        (row..<max(row, Self.capacity)).contains { contains($0) }
    }
}
