import RowFilters
import CVectorKernels

/// Codes of rows and the lists they belong to, for one code space and one set of centroids.
struct CodedRows {
    let count: Int
    private let space: CodeSpace
    private let coarse: CoarseQuantizer?
    private var codes: [UInt8]
    private var lists: [Int] = []
    private var factors: [bunko_code_factors] = []

    /// Codes `count` unit vectors: some 5 microseconds each at 1536 dimensions, and with centroids a ranking of them.
    init(
        count: Int, space: CodeSpace, coarse: CoarseQuantizer?, rotation: Rotation, vector: (_ row: Int) -> UnsafePointer<Float>
    ) {
        self.count = count
        self.space = space
        self.coarse = coarse
        codes = [UInt8](repeating: 0, count: count * space.codeBytes)
        lists.reserveCapacity(count)
        factors.reserveCapacity(count)
        codes.withUnsafeMutableBufferPointer { codes in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: rotation.width) { scratch in
                guard let codes = codes.baseAddress, let scratch = scratch.baseAddress else { return }
                for row in 0..<count {
                    let code = codes + row * space.codeBytes
                    if let coarse {
                        let coded = QueryCode(vector(row), norm: 1, rotation: rotation)
                        lists.append(coarse.list(of: coded, space: space))
                        factors.append(space.encode(coded, scratch: scratch, into: code))
                    } else {
                        lists.append(0)
                        factors.append(space.encode(vector(row), scratch: scratch, into: code))
                    }
                }
            }
        }
    }

    /// Whether they were made for this space and these centroids.
    func fit(_ space: CodeSpace, _ coarse: CoarseQuantizer?) -> Bool {
        self.space === space && self.coarse === coarse
    }

    /// How many rows come into each list.
    var counts: [Int: Int] { lists.reduce(into: [:]) { $0[$1, default: 0] += 1 } }

    /// Appends the codes to their lists, which have room. They are those of the first slots.
    func append(to change: inout PartitionChange, slots: some Collection<Slot>) {
        codes.withUnsafeBufferPointer { codes in
            guard let codes = codes.baseAddress else { return }
            for (row, slot) in slots.prefix(count).enumerated() {
                change.append(slot, code: codes + row * space.codeBytes, factors: factors[row], to: lists[row])
            }
        }
    }
}

/// Whole chunks of rows, written and coded before the writer's turn comes: other writers do not wait for the copying.
struct PreparedChunks {
    let chunks: [RowChunk]
    let codes: CodedRows?

    /// Takes as many rows as fill chunks; nil when there are too few for one.
    init?(_ rows: [NormedRow], dimensions: Int, rotation: Rotation, table: PartitionTable) {
        let size = RowChunk.maximumCapacity
        guard rows.count >= size else { return nil }
        let chunks = (0..<rows.count / size).map { number in
            let chunk = RowChunk(capacity: size, dimensions: dimensions)
            for row in 0..<size { chunk.write(row, rows[number * size + row]) }
            return chunk
        }
        self.chunks = chunks
        codes = table.space.map { space in
            CodedRows(count: chunks.count * size, space: space, coarse: table.coarse, rotation: rotation) { row in
                chunks[row / size].vector(row % size)
            }
        }
    }
}
