import FoundationEssentials
import Synchronization

extension Partition {
    /// Blocks rewritten in one step: bounds the extra memory (24 MB at 1536 dimensions).
    private static let blocksPerStep = 8

    /// Reclaims tombstones once they are more than a fifth of all stored rows. Readers go on; the caller holds `writer`.
    ///
    /// Each step moves the live rows of the blocks that are more than a tenth dead to the end and drops these blocks. Amortised cost: a
    /// removed row pays for the copy of at most nine others.
    func compactIfNeeded() {
        while let dropped = table.withLock({ Self.blocksToCompact($0) }) {
            let moved = dropped.reduce(0) { $0 + $1.live.count }
            let numbers = Set(dropped.map(\.block.number))
            let spans = table.withLock { $0.reserve(moved, dimensions: dimensions, avoiding: numbers) }
            copyLiveRows(of: dropped, to: spans)
            table.withLock {
                $0.publish(spans)
                $0.drop(numbers)
            }
        }
    }

    private static func blocksToCompact(_ table: RowTable) -> [BlockView]? {
        guard table.tombstones * 5 > table.storedCount else { return nil }
        return Array(table.blocks.lazy.filter { $0.tombstones * 10 > $0.count }.prefix(blocksPerStep))
    }

    private func copyLiveRows(of sources: [BlockView], to spans: [RowTable.Span]) {
        var free = spans.lazy.flatMap { span in span.rows.lazy.map { (span.block, $0) } }.makeIterator()
        for source in sources {
            source.live.forEach { row in
                guard let (block, target) = free.next() else { return }
                block.copy(target, from: source.block, row: row)
            }
        }
    }
}
