import FoundationEssentials
import Synchronization

/// The rows of one partition and the structure they are searched through. The rest of the module knows only this type's methods, so that
/// a list of exact rows can become an inverted file of codes without a change elsewhere.
///
/// Two locks: `writer` makes writers take turns and is held while vectors are copied; `table` is held only for look-ups and publishing.
/// Always taken in this order. Readers take neither while they scan.
final class Partition: Sendable {
    let dimensions: Int
    let writer = Mutex(())
    let table = Mutex(RowTable())

    init(dimensions: Int) {
        self.dimensions = dimensions
    }

    var count: Int {
        table.withLock { $0.liveCount }
    }

    func contains(_ id: UUID) -> Bool {
        table.withLock { $0.slots[id] != nil }
    }

    /// Adds this partition's numbers to those of the index.
    func add(to statistics: inout IndexStatistics) {
        let (live, tombstones, bytes) = table.withLock { ($0.liveCount, $0.tombstones, $0.bytes) }
        statistics.partitions += live > 0 ? 1 : 0
        statistics.rows += live
        statistics.tombstones += tombstones
        statistics.bytes += bytes
    }

    /// Inserts or replaces rows; they become visible together. Of two rows with one id the later stays.
    func upsert(_ rows: [NormedRow]) {
        writer.withLock { _ in
            let spans = table.withLock { $0.reserve(rows.count, dimensions: dimensions) }
            write(rows, to: spans)
            table.withLock { $0.publish(spans) }
            compactIfNeeded()
        }
    }

    /// Removes rows; no search that starts after the return finds them. Returns how many were there.
    func remove(_ ids: [UUID]) -> Int {
        writer.withLock { _ in
            let removed = table.withLock { table in ids.reduce(0) { $0 + (table.remove($1) ? 1 : 0) } }
            compactIfNeeded()
            return removed
        }
    }

    private func write(_ rows: [NormedRow], to spans: [RowTable.Span]) {
        var next = 0
        for span in spans {
            for row in span.rows {
                let source = rows[next]
                source.row.vector.withUnsafeBufferPointer { vector in
                    guard let base = vector.baseAddress else { return }
                    span.block.write(row, id: source.row.id, source: base, factor: 1 / source.norm)
                }
                next += 1
            }
        }
    }
}
