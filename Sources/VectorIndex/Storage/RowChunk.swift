import RowFilters
import CVectorKernels
import FoundationEssentials

/// Vectors, ids and places of up to 1,024 rows. A row's slot is 1,024 times its chunk's number plus its position.
///
/// `@unchecked Sendable`: a row is written once, by its partition's only writer, before the partition publishes a view in which it is live;
/// from then on vector and id never change. A place is a single word, read and written as a relaxed atomic.
final class RowChunk: @unchecked Sendable {
    static let shift = Slot.rowBits
    static let maximumCapacity = 1 << shift

    let capacity: Int
    let dimensions: Int
    private let memory: AlignedMemory
    let vectors: UnsafeMutablePointer<Float>
    private let idMemory: AlignedMemory
    let ids: UnsafeMutablePointer<UUID>
    private let placeMemory: AlignedMemory
    /// Read and written as relaxed atomics.
    let places: UnsafeMutablePointer<UInt64>

    convenience init(capacity: Int, dimensions: Int) {
        self.init(
            capacity: capacity, dimensions: dimensions,
            vectors: AlignedMemory(bytes: capacity * dimensions * MemoryLayout<Float>.stride),
            ids: AlignedMemory(bytes: capacity * MemoryLayout<UUID>.stride))
    }

    /// A chunk in memory with room for its vectors and ids. When that is mapped, all rows are taken.
    init(capacity: Int, dimensions: Int, vectors: AlignedMemory, ids: AlignedMemory) {
        self.capacity = capacity
        self.dimensions = dimensions
        memory = vectors
        idMemory = ids
        self.vectors = vectors.base.bindMemory(to: Float.self, capacity: capacity * dimensions)
        self.ids = ids.base.bindMemory(to: UUID.self, capacity: capacity)
        placeMemory = AlignedMemory(bytes: capacity * MemoryLayout<UInt64>.stride)
        places = placeMemory.base.bindMemory(to: UInt64.self, capacity: capacity)
        places.initialize(repeating: Place.none.word, count: capacity)
    }

    /// The first rows of another chunk, with which it has ids and places in common, over a copy of their vectors.
    private init(_ other: RowChunk, rows: Int, vectors: AlignedMemory) {
        capacity = rows
        dimensions = other.dimensions
        memory = vectors
        idMemory = other.idMemory
        placeMemory = other.placeMemory
        self.vectors = vectors.base.bindMemory(to: Float.self, capacity: rows * dimensions)
        ids = other.ids
        places = other.places
    }

    /// The same chunk with its vectors in a file.
    /// - Parameter rows: how many were given out; there will be no more.
    func moved(rows: Int, to file: VectorFile) throws(SnapshotError) -> RowChunk {
        let bytes = UnsafeRawBufferPointer(start: vectors, count: rows * dimensions * MemoryLayout<Float>.stride)
        return RowChunk(self, rows: rows, vectors: try file.write(bytes))
    }

    var isInFile: Bool { memory.isInFile }

    /// Lets go of the pages of vectors in a file.
    func letGo() { memory.letGo() }

    var vectorBytes: Int { capacity * dimensions * MemoryLayout<Float>.stride }

    var bytes: Int { vectorBytes + capacity * (MemoryLayout<UUID>.stride + MemoryLayout<UInt64>.stride) }

    func vector(_ row: Int) -> UnsafePointer<Float> {
        UnsafePointer(vectors + row * dimensions)
    }

    func id(_ row: Int) -> UUID {
        ids[row]
    }

    /// Fills an unpublished row, its vector at length 1.
    func write(_ row: Int, _ source: NormedRow) {
        source.row.vector.withUnsafeBufferPointer { vector in
            guard let base = vector.baseAddress else { return }
            bunko_scale(base, 1 / source.norm, vectors + row * dimensions, dimensions)
        }
        (ids + row).initialize(to: source.row.id)
    }

    /// Fills an unpublished row with a published row of another chunk.
    func copy(_ row: Int, from other: RowChunk, row otherRow: Int) {
        (vectors + row * dimensions).update(from: other.vector(otherRow), count: dimensions)
        (ids + row).initialize(to: other.id(otherRow))
    }

    /// Where a row's code lies. A reader must check it against its own view: the writer may have moved the code since.
    subscript(place row: Int) -> Place {
        get { Place(word: bunko_load_relaxed(places + row)) }
        set { bunko_store_relaxed(places + row, newValue.word) }
    }
}

/// Position of a code: its list and its row in that list.
struct Place: Equatable {
    static let none = Place(word: .max)

    let word: UInt64

    init(word: UInt64) {
        self.word = word
    }

    init(list: Int, row: Int) {
        word = UInt64(list) << 32 | UInt64(row)
    }

    var list: Int { Int(word >> 32) }
    var row: Int { Int(word & 0xFFFF_FFFF) }
}
