/// Bytes in PostgreSQL's binary formats on their way to the server: whole numbers are big-endian, values are preceded by their length.
public struct PostgresBuffer: Sendable {
    /// What has been written so far.
    public internal(set) var bytes: [UInt8]
    /// Places where the object identifier of an extension's type has to be filled in before sending.
    var fixups: [TypeFixup] = []

    /// A four-byte hole for an object identifier that only the connection knows.
    struct TypeFixup: Sendable, Equatable {
        var offset: Int
        var extensionName: String
    }

    /// An empty buffer with room for `capacity` bytes.
    public init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Appends a whole number, big-endian, in its own width.
    @inlinable
    public mutating func write<T: FixedWidthInteger>(_ integer: T) {
        withUnsafeBytes(of: integer.bigEndian) { write($0) }
    }

    /// Appends bytes as they are.
    @inlinable
    public mutating func write(_ raw: UnsafeRawBufferPointer) {
        append(raw)
    }

    /// Appends bytes as they are.
    public mutating func write(_ sequence: some Sequence<UInt8>) {
        bytes.append(contentsOf: sequence)
    }

    @usableFromInline
    mutating func append(_ raw: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: raw)
    }

    /// Appends float32s, big-endian, in one pass.
    public mutating func write(floats: [Float]) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: floats.count * MemoryLayout<Float>.size))
        bytes.withUnsafeMutableBytes { target in
            floats.withUnsafeBufferPointer { source in
                for index in source.indices {
                    let swapped = source[index].bitPattern.bigEndian
                    target.storeBytes(of: swapped, toByteOffset: start + index * MemoryLayout<Float>.size, as: UInt32.self)
                }
            }
        }
    }

    /// Appends the object identifier of a type, as array headers carry it.
    public mutating func write(type: PostgresType) {
        if let name = type.extensionName { fixups.append(TypeFixup(offset: bytes.count, extensionName: name)) }
        write(type.oid)
    }

    /// Appends a value preceded by its length in four bytes; -1 and nothing more for NULL.
    public mutating func writeValue(_ value: borrowing some PostgresEncodable) throws {
        if value.isPostgresNull { return write(Int32(-1)) }
        let lengthOffset = bytes.count
        write(Int32(0))
        try value.encode(into: &self)
        let length = Int32(bytes.count - lengthOffset - MemoryLayout<Int32>.size)
        overwrite(UInt32(bitPattern: length), at: lengthOffset)
    }

    mutating func overwrite(_ word: UInt32, at offset: Int) {
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: word.bigEndian, toByteOffset: offset, as: UInt32.self) }
    }

    /// Appends another buffer and returns where it begins.
    mutating func append(_ other: PostgresBuffer) -> Int {
        let start = bytes.count
        bytes.append(contentsOf: other.bytes)
        fixups.append(contentsOf: other.fixups.map { TypeFixup(offset: $0.offset + start, extensionName: $0.extensionName) })
        return start
    }
}
