/// A `vector` of the pgvector extension.
///
/// Its binary format (`vector_send` in pgvector's `src/vector.c`) is the dimension and an unused word, two bytes each, then float32s; all big-endian.
/// A single vector is bound without naming its type, which the server infers (`embedding <=> $1`, `INSERT … VALUES ($1)`, `$1::vector`).
/// For an array of vectors the connection looks the type's OID up once.
public struct PostgresVector: PostgresScalar, Hashable {
    /// The components.
    public var values: [Float]

    /// Wraps components. The server refuses none at all, more than 16,000, and any that is not finite.
    public init(_ values: [Float]) { self.values = values }

    /// Wraps components.
    public init(values: [Float]) { self.values = values }

    /// `vector`, inferred by the server.
    public static var postgresType: PostgresType { .vector }

    /// Dimension, unused word, components. A dimension that does not fit two bytes cannot be sent.
    /// - Throws: ``PostgresError`` with the code ``PostgresError/Code/encoding``.
    public func encode(into buffer: inout PostgresBuffer) throws {
        guard let dimension = UInt16(exactly: values.count) else {
            throw PostgresError(
                code: .encoding, message: "a vector of \(values.count) components cannot be stored; pgvector takes up to 16000")
        }
        buffer.write(dimension)
        buffer.write(UInt16(0))
        buffer.write(floats: values)
    }

    /// Reads `vector`. The cost is one pass over the components.
    public init(from cell: PostgresCell) throws {
        let isVector = cell.type == .unspecified || cell.type.oid >= PostgresType.firstUserDefinedOID
        guard isVector else { throw cell.mismatch(PostgresVector.self) }
        let bytes = try cell.nonNull(PostgresVector.self)
        guard bytes.count >= 4 else { throw cell.malformed(PostgresVector.self) }
        let dimension = Int(bytes.bigEndian(UInt16.self, at: 0))
        guard dimension > 0, bytes.count == 4 + dimension * MemoryLayout<Float>.size else { throw cell.malformed(PostgresVector.self) }
        values = [Float](unsafeUninitializedCapacity: dimension) { target, count in
            for index in 0..<dimension {
                let word = bytes.loadUnaligned(fromByteOffset: 4 + index * MemoryLayout<Float>.size, as: UInt32.self)
                target.initializeElement(at: index, to: Float(bitPattern: UInt32(bigEndian: word)))
            }
            count = dimension
        }
    }
}
