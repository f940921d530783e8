import RowFilters
import CBLAS
import CVectorKernels

/// Scores rows for many queries by products of matrices, tile by tile.
///
/// Such a product sums in another order than `bunko_dot`. So it only tells which rows may be among the best: those within the rounding of
/// both are scored again, and a batch finds exactly what single searches find, with the same scores.
///
/// Not `Sendable`: it owns scratch memory that one thread uses.
final class MatrixScorer {
    /// Rows of a tile: with 512 queries its products fit the second-level cache.
    private static let tileRows = 256

    private let queries: [QueryCode]
    private let collectors: [SearchCollector]
    private let dimensions: Int
    /// How far two float32 sums of the products of unit vectors may differ, each by `dimensions` roundings at most.
    private let margin: Float
    private let memory: AlignedMemory
    /// One query after the other, then those of them that are in question, then rows that do not lie together, then products: those of a
    /// query are `tileRows` apart.
    private let units: UnsafeMutablePointer<Float>
    private let chosen: UnsafeMutablePointer<Float>
    private let gathered: UnsafeMutablePointer<Float>
    private let scores: UnsafeMutablePointer<Float>
    private var slots: [Slot] = []
    private var hopeful = [UInt32](repeating: 0, count: tileRows)

    /// For searches of one scope.
    init(_ searches: [PartitionSearch]) {
        queries = searches.map(\.query)
        collectors = searches.map(\.collector)
        dimensions = queries.first?.dimensions ?? 0
        margin = 1.01 * Float(dimensions + 8) * .ulpOfOne
        let (count, rows) = (queries.count, Self.tileRows)
        memory = AlignedMemory(bytes: 4 * ((2 * count + rows) * dimensions + count * rows))
        units = memory.base.bindMemory(to: Float.self, capacity: memory.bytes / 4)
        chosen = units + count * dimensions
        gathered = chosen + count * dimensions
        scores = gathered + rows * dimensions
        for (number, query) in queries.enumerated() { (units + number * dimensions).update(from: query.unit, count: dimensions) }
    }

    /// Offers every row of a part to all queries.
    func scoreAll(_ part: SearchScope.Part, _ position: Int) {
        let everyone = Array(queries.indices)
        let words = part.rows.words
        slots.removeAll(keepingCapacity: true)
        for first in stride(from: 0, to: words.count, by: Self.tileRows / 64) {
            let here = words[first..<min(words.count, first + Self.tileRows / 64)]
            guard let lowest = here.firstIndex(where: { $0 != 0 }), let highest = here.lastIndex(where: { $0 != 0 }) else { continue }
            // Rows below a live one are written, whether they live or not; those above may not be yet.
            let start = 64 * lowest + words[lowest].trailingZeroBitCount
            let end = 64 * highest + 64 - words[highest].leadingZeroBitCount
            if 2 * here.reduce(0, { $0 + $1.nonzeroBitCount }) >= end - start {
                // They lie together, in one chunk: a few that do not count may lie between them.
                let rows = part.view.table.vector(Slot(start))
                score(rows, (start..<end).map { Slot($0) }, of: part, position, for: everyone, units)
            } else {
                for slot in start..<end where part.rows.contains(Slot(slot)) { gather(Slot(slot), part, position, for: everyone, units) }
            }
        }
        flush(part, position, for: everyone, units)
    }

    /// Offers some rows of a part to the queries with these numbers.
    func score(_ rows: [Slot], of part: SearchScope.Part, _ position: Int, for numbers: [Int]) {
        guard !rows.isEmpty else { return }
        for (row, number) in numbers.enumerated() {
            (chosen + row * dimensions).update(from: queries[number].unit, count: dimensions)
        }
        slots.removeAll(keepingCapacity: true)
        for slot in rows { gather(slot, part, position, for: numbers, chosen) }
        flush(part, position, for: numbers, chosen)
    }

    /// Adds a row to the tile of rows from everywhere.
    private func gather(
        _ slot: Slot, _ part: SearchScope.Part, _ position: Int, for numbers: [Int], _ matrix: UnsafePointer<Float>
    ) {
        (gathered + slots.count * dimensions).update(from: part.view.table.vector(slot), count: dimensions)
        slots.append(slot)
        if slots.count == Self.tileRows { flush(part, position, for: numbers, matrix) }
    }

    private func flush(_ part: SearchScope.Part, _ position: Int, for numbers: [Int], _ matrix: UnsafePointer<Float>) {
        if !slots.isEmpty { score(gathered, slots, of: part, position, for: numbers, matrix) }
        slots.removeAll(keepingCapacity: true)
    }

    /// Offers rows that lie together to the queries with these numbers, whose vectors are the rows of the matrix.
    private func score(
        _ rows: UnsafePointer<Float>, _ slots: [Slot], of part: SearchScope.Part, _ position: Int, for numbers: [Int],
        _ matrix: UnsafePointer<Float>
    ) {
        let (width, stride) = (Int32(dimensions), Int32(Self.tileRows))
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(numbers.count), Int32(slots.count), width, 1, matrix, width, rows, width, 0,
            scores, stride)
        for (row, number) in numbers.enumerated() {
            let (collector, query) = (collectors[number], queries[number].unit)
            let products = scores + row * Self.tileRows
            let found = bunko_select_at_least(products, slots.count, collector.bar - margin, &hopeful)
            for column in hopeful[..<found].lazy.map({ Int($0) }) {
                // The bar rises as rows are found.
                guard products[column] >= collector.bar - margin, part.rows.contains(slots[column]) else { continue }
                collector.offer(bunko_dot(rows + column * dimensions, query, dimensions), slot: slots[column], partition: position)
            }
        }
    }
}
