/// Reads a manifest number by number, never past its end.
struct ManifestReader {
    let path: String
    let bytes: MappedBytes
    /// Where the checksum starts.
    let end: Int
    private(set) var offset = 0

    /// Checks everything that holds for any manifest: the first words, its length and its checksum.
    init(path: String, bytes: MappedBytes, verifiesChecksum: Bool) throws(SnapshotError) {
        self.path = path
        self.bytes = bytes
        end = max(0, bytes.count - 4)
        guard try integer(UInt64.self, "magic") == SnapshotFormat.magic else {
            throw damaged("it does not start as a manifest does", at: 0)
        }
        let version = try integer(UInt32.self, "version")
        let order = try integer(UInt32.self, "byte order")
        guard order != SnapshotFormat.byteOrder.byteSwapped else {
            throw .unsupported(path: path, reason: "it was written on a machine with another byte order")
        }
        guard version == SnapshotFormat.version else {
            throw .unsupported(path: path, reason: "it has version \(version) of the format, this program reads \(SnapshotFormat.version)")
        }
        guard order == SnapshotFormat.byteOrder else { throw damaged("it tells no byte order", at: 12) }
        let length = try integer(UInt64.self, "length")
        guard length == UInt64(bytes.count) else { throw damaged("it says it has \(length) bytes, but has \(bytes.count)", at: 16) }
        guard verifiesChecksum else { return }
        let expected = (bytes.base + end).loadUnaligned(as: UInt32.self)
        guard bytes.checksum(0..<end) == expected else { throw damaged("its checksum does not match", at: end) }
    }

    func damaged(_ reason: String, at offset: Int? = nil) -> SnapshotError {
        .damaged(path: path, offset: offset ?? self.offset, reason: reason)
    }

    mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type, _ what: StaticString) throws(SnapshotError) -> Number
    {
        try value(what)
    }

    /// A number that is at most `limit`.
    mutating func count<Number: FixedWidthInteger & BitwiseCopyable>(
        _: Number.Type, _ what: StaticString, atMost limit: Int
    ) throws(SnapshotError) -> Int {
        let number: Number = try value(what)
        guard let count = Int(exactly: number), (0...limit).contains(count) else {
            throw damaged("\(what) is \(number), more than \(limit)", at: offset - MemoryLayout<Number>.size)
        }
        return count
    }

    /// Any of the plain types a manifest holds: every pattern of bits is a value.
    mutating func value<Value: BitwiseCopyable>(_ what: StaticString) throws(SnapshotError) -> Value {
        try skip(MemoryLayout<Value>.size, what)
        return (bytes.base + offset - MemoryLayout<Value>.size).loadUnaligned(as: Value.self)
    }

    mutating func array<Value: BitwiseCopyable>(_: Value.Type, count: Int, _ what: StaticString) throws(SnapshotError) -> [Value] {
        let start = offset
        guard let length = SnapshotFormat.product(count, MemoryLayout<Value>.size) else { throw damaged("\(what) does not fit") }
        try skip(length, what)
        return (0..<count).map { (bytes.base + start + $0 * MemoryLayout<Value>.size).loadUnaligned(as: Value.self) }
    }

    private mutating func skip(_ count: Int, _ what: StaticString) throws(SnapshotError) {
        guard count <= end - offset else { throw damaged("it ends in \(what)") }
        offset += count
    }
}

/// Gives out the segments of a data file, one after the other.
struct SegmentReader {
    let path: String
    let bytes: MappedBytes
    private var next = 0

    init(path: String, bytes: MappedBytes) {
        self.path = path
        self.bytes = bytes
    }

    func damaged(_ reason: String, at offset: Int) -> SnapshotError {
        .damaged(path: path, offset: offset, reason: reason)
    }

    /// The next segment, of a number of bytes that is nil when it is too large for a number. Nil `checksum`: not verified.
    mutating func segment(_ count: Int?, checksum: UInt32?, _ what: String) throws(SnapshotError) -> Range<Int> {
        let start = (next + SnapshotFormat.pageBytes - 1) / SnapshotFormat.pageBytes * SnapshotFormat.pageBytes
        guard let count, start <= bytes.count, count <= bytes.count - start else {
            throw damaged("the \(what) should have \(count.map(String.init) ?? "too many") bytes, but the file ends before", at: start)
        }
        next = start + count
        if let checksum, bytes.checksum(start..<next) != checksum { throw damaged("the checksum of the \(what) does not match", at: start) }
        return start..<next
    }

    func finish() throws(SnapshotError) {
        guard next == bytes.count else { throw damaged("there are \(bytes.count - next) bytes too many", at: next) }
    }
}
