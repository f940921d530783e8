import RowFilters
import CVectorKernels
import FoundationEssentials

/// The memory of a partition at one moment: an immutable table of chunks and lists, shared by all readers that took it.
///
/// The raw arrays repeat the objects' pointers, so that a scan touches no reference counts.
///
/// `@unchecked Sendable`: the raw arrays never change after `init`.
final class PartitionTable: @unchecked Sendable {
    /// By number; nil where a chunk was dropped.
    let chunks: [RowChunk?]
    /// Empty while the partition is too small for codes; one list until it is trained.
    let lists: [CodeList]
    /// Nil exactly when there are no lists.
    let space: CodeSpace?
    /// Nil unless there are several lists.
    let coarse: CoarseQuantizer?

    /// Bytes of vectors that lie in files, and come into memory as they are read.
    let bytesInFiles: Int
    private let dimensions: Int
    let vectors: UnsafeMutablePointer<UnsafePointer<Float>?>
    let views: UnsafeMutablePointer<bunko_list>
    let places: UnsafeMutablePointer<UnsafePointer<UInt64>?>
    /// Where each list starts in a table with a word for 64 quads, and the table's size behind the last.
    let quadWords: [UInt32]

    init(chunks: [RowChunk?] = [], lists: [CodeList] = [], space: CodeSpace? = nil, coarse: CoarseQuantizer? = nil) {
        self.chunks = chunks
        self.lists = lists
        self.space = space
        self.coarse = coarse
        bytesInFiles = chunks.reduce(0) { sum, chunk in chunk.map { $0.isInFile ? sum + $0.vectorBytes : sum } ?? sum }
        dimensions = chunks.lazy.compactMap { $0?.dimensions }.first ?? 0
        vectors = .allocate(capacity: max(1, chunks.count))
        views = .allocate(capacity: max(1, lists.count))
        places = .allocate(capacity: max(1, chunks.count))
        var words: [UInt32] = [0]
        words.reserveCapacity(lists.count + 1)
        for list in lists { words.append(words[words.count - 1] + UInt32((list.capacity + 255) / 256)) }
        quadWords = words
        for (number, chunk) in chunks.enumerated() { (vectors + number).initialize(to: chunk.map { UnsafePointer($0.vectors) }) }
        for (number, chunk) in chunks.enumerated() { (places + number).initialize(to: chunk.map { UnsafePointer($0.places) }) }
        for (number, list) in lists.enumerated() { (views + number).initialize(to: list.view) }
    }

    deinit {
        vectors.deallocate()
        views.deallocate()
        places.deallocate()
    }

    func with(chunks: [RowChunk?]? = nil, lists: [CodeList]? = nil) -> PartitionTable {
        PartitionTable(chunks: chunks ?? self.chunks, lists: lists ?? self.lists, space: space, coarse: coarse)
    }

    /// The vector of a live slot.
    func vector(_ slot: Slot) -> UnsafePointer<Float> {
        guard let chunk = vectors[slot.chunk] else { preconditionFailure("slot \(slot) is in no chunk of its view") }
        return chunk + slot.row * dimensions
    }

    func id(_ slot: Slot) -> UUID? {
        chunks[slot.chunk]?.id(slot.row)
    }

    var bytes: Int {
        let rows = chunks.reduce(0) { $0 + ($1?.bytes ?? 0) }
        return rows + lists.reduce(0) { $0 + $1.bytes } + (space?.bytes ?? 0) + (coarse?.bytes ?? 0)
    }
}
