import Foundation

/// Float32 vectors in a file, mapped into memory: `.fbin` (u32 rows, u32 dimensions, values) or `.fvecs` (u32 dimensions before each row).
public struct VectorMatrix: Sendable {
    /// Number of vectors.
    public let rows: Int
    /// Values in each.
    public let dimensions: Int
    /// The file.
    public let path: String
    /// Values from the start of a row to that of the next.
    public let stride: Int
    private let file: MappedFile
    private let firstByte: Int

    /// Opens a file by the ending of its name. The lengths are checked, the values are not.
    public init(path: String) throws(DatasetError) {
        file = try MappedFile(path: path)
        self.path = path
        if path.hasSuffix(".fbin") {
            rows = try file.word(at: 0)
            dimensions = try file.word(at: 4)
            guard dimensions > 0 else { throw .badHeader(path: path, offset: 4, what: "vectors of 0 values") }
            try file.requireLength(header: 8, rows: rows, width: dimensions)
            firstByte = 8
            stride = dimensions
        } else if path.hasSuffix(".fvecs") {
            (rows, dimensions) = try file.evenRecords()
            firstByte = 4
            stride = dimensions + 1
        } else {
            throw .unknownFormat(path: path)
        }
    }

    /// Lends the values: row i begins at i times `stride`. The buffer is valid during the call.
    public func withValues<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        try file.bytes.withUnsafeBytes { bytes in
            // A mapping begins at a page, and the headers are whole words.
            try body(UnsafeRawBufferPointer(rebasing: bytes[firstByte...]).assumingMemoryBound(to: Float.self))
        }
    }

    /// A copy of some rows, one after the other.
    public func copy(_ range: Range<Int>) -> [Float] {
        withValues { values in
            [Float](unsafeUninitializedCapacity: range.count * dimensions) { memory, count in
                for (index, row) in range.enumerated() {
                    let source = values[row * stride..<row * stride + dimensions]
                    _ = memory[(index * dimensions)...].initialize(fromContentsOf: source)
                }
                count = range.count * dimensions
            }
        }
    }

    /// Lends the file's bytes.
    func withFile(_ body: (UnsafeRawBufferPointer) -> Void) {
        file.bytes.withUnsafeBytes(body)
    }

    /// Byte of the file where a row's values begin.
    func offset(ofRow row: Int) -> Int {
        firstByte + 4 * row * stride
    }
}

extension MappedFile {
    /// Number and width of records that each begin with their width, all the same.
    func evenRecords() throws(DatasetError) -> (rows: Int, width: Int) {
        let width = try word(at: 0)
        guard width > 0 else { throw .badHeader(path: path, offset: 0, what: "records of 0 values") }
        let size = 4 * (width + 1)
        let rows = bytes.count / size
        guard bytes.count % size == 0, rows > 0 else {
            throw .wrongLength(path: path, expected: (rows + 1) * size, found: bytes.count)
        }
        for row in stride(from: 1, to: rows, by: 1) {
            let found = try word(at: row * size)
            guard found == width else { throw .unevenRecord(path: path, offset: row * size, expected: width, found: found) }
        }
        return (rows, width)
    }
}
