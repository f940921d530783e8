import CVectorKernels
import FoundationEssentials
import Glibc

/// Page-aligned memory for the vectors and ids of up to 512 rows.
///
/// A row is written once, by its partition's only writer, and becomes visible when the partition publishes a larger row count under its
/// lock; published rows never change.
///
/// `@unchecked Sendable`: that protocol, which the compiler cannot see, is what makes the raw memory safe to read from any thread.
final class RowBlock: @unchecked Sendable {
    private static let pageBytes = 4096
    private static let hugePageBytes = 2 << 20

    /// Order of creation inside the partition.
    let number: Int
    let capacity: Int
    let dimensions: Int
    private let vectors: UnsafeMutablePointer<Float>
    private let ids: UnsafeMutablePointer<UUID>

    init(number: Int, capacity: Int, dimensions: Int) {
        self.number = number
        self.capacity = capacity
        self.dimensions = dimensions
        let bytes = capacity * dimensions * MemoryLayout<Float>.stride
        let huge = bytes >= Self.hugePageBytes
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: huge ? Self.hugePageBytes : Self.pageBytes)
        // Advice only: without it a scan is about 12 % slower, for want of address translations.
        if huge { madvise(memory, bytes, MADV_HUGEPAGE) }
        vectors = memory.bindMemory(to: Float.self, capacity: capacity * dimensions)
        ids = .allocate(capacity: capacity)
    }

    deinit {
        UnsafeMutableRawPointer(vectors).deallocate()
        ids.deallocate()
    }

    var bytes: Int {
        capacity * (dimensions * MemoryLayout<Float>.stride + MemoryLayout<UUID>.stride)
    }

    /// Row-major vectors, `dimensions` apart.
    var matrix: UnsafePointer<Float> {
        UnsafePointer(vectors)
    }

    func vector(_ row: Int) -> UnsafePointer<Float> {
        UnsafePointer(vectors + row * dimensions)
    }

    func id(_ row: Int) -> UUID {
        ids[row]
    }

    /// Fills an unpublished row with `source` times `factor`.
    func write(_ row: Int, id: UUID, source: UnsafePointer<Float>, factor: Double) {
        bunko_scale(source, factor, vectors + row * dimensions, dimensions)
        (ids + row).initialize(to: id)
    }

    /// Fills an unpublished row with a published row of another block.
    func copy(_ row: Int, from other: RowBlock, row otherRow: Int) {
        (vectors + row * dimensions).initialize(from: other.vector(otherRow), count: dimensions)
        (ids + row).initialize(to: other.id(otherRow))
    }
}

/// A block as one reader or the partition's table sees it.
struct BlockView {
    let block: RowBlock
    /// Published rows.
    var count: Int
    /// Rows that are not tombstones; for a reader, those of them it may return.
    var live: RowMask

    var tombstones: Int {
        count - live.count
    }
}
