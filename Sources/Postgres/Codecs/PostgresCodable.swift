/// A value that can be bound to a parameter of a statement or written by COPY.
///
/// Enumerations and other `RawRepresentable` types get their conformance from their raw value:
/// `enum Status: String, PostgresCodable { case queued, done }`.
public protocol PostgresEncodable: Sendable {
    /// The type announced to the server for a parameter of this Swift type.
    static var postgresType: PostgresType { get }
    /// True for a value that stands for NULL. Then ``encode(into:)`` is not called.
    var isPostgresNull: Bool { get }
    /// Appends the value in PostgreSQL's binary format, without its length.
    /// - Throws: An error where the value has no representation, such as a JSON number that is not finite.
    func encode(into buffer: inout PostgresBuffer) throws
}

extension PostgresEncodable {
    /// False: values are not NULL unless their type says so.
    @inlinable
    public var isPostgresNull: Bool { false }
}

/// A value that can be read from a column of a result or of COPY.
public protocol PostgresDecodable: Sendable {
    /// Reads a value.
    /// - Throws: ``PostgresDecodingError`` when the column holds NULL, another type, or bytes that are no such value.
    init(from cell: PostgresCell) throws
}

/// A single value, both ways, that can also be the element of an array (`text[]`, `uuid[]` …).
public protocol PostgresScalar: PostgresEncodable, PostgresDecodable {
    /// The type of an array of these.
    static var postgresArrayType: PostgresType { get }
    /// Appends an array of these in binary format.
    static func encodeArray(_ elements: [Self], into buffer: inout PostgresBuffer) throws
    /// Reads an array of these.
    static func decodeArray(from cell: PostgresCell) throws -> [Self]
}

/// A value that can be bound and read. Conforming types may also be used in arrays.
public typealias PostgresCodable = PostgresScalar

/// One value as the server sent it. Valid only while the decoding initializer that got it runs.
public struct PostgresCell {
    /// The value in binary format; nil for NULL.
    public let bytes: UnsafeRawBufferPointer?
    /// The column's type; ``PostgresType/unspecified`` for COPY, whose rows do not carry types.
    public let type: PostgresType

    /// A cell over bytes owned by the caller.
    public init(bytes: UnsafeRawBufferPointer?, type: PostgresType) {
        self.bytes = bytes
        self.type = type
    }

    /// The bytes of a value that must not be NULL.
    public func nonNull<T>(_ wanted: T.Type) throws(PostgresDecodingError) -> UnsafeRawBufferPointer {
        guard let bytes else { throw .unexpectedNull(wanted: "\(wanted)") }
        return bytes
    }

    /// The error for a column of a type that `wanted` cannot be read from.
    public func mismatch<T>(_ wanted: T.Type) -> PostgresDecodingError {
        .typeMismatch(column: type, wanted: "\(wanted)")
    }

    /// The error for bytes that are not a `wanted`.
    public func malformed<T>(_ wanted: T.Type) -> PostgresDecodingError {
        .malformed(column: type, byteCount: bytes?.count ?? 0, wanted: "\(wanted)")
    }

    /// A big-endian whole number that must fill the cell exactly.
    func integer<I: FixedWidthInteger>(_: I.Type, for wanted: (some Any).Type) throws(PostgresDecodingError) -> I {
        let bytes = try nonNull(wanted)
        guard bytes.count == MemoryLayout<I>.size else { throw malformed(wanted) }
        return bytes.bigEndian(I.self, at: 0)
    }
}

extension UnsafeRawBufferPointer {
    /// The big-endian whole number at a byte offset, which must leave room for it.
    @inline(__always)
    func bigEndian<I: FixedWidthInteger>(_: I.Type, at offset: Int) -> I {
        I(bigEndian: loadUnaligned(fromByteOffset: offset, as: I.self))
    }
}

/// Why a column could not be read as the type that was asked for.
public enum PostgresDecodingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The column is NULL and the Swift type is not optional.
    case unexpectedNull(wanted: String)
    /// The column has a type that the Swift type cannot be read from.
    case typeMismatch(column: PostgresType, wanted: String)
    /// The bytes are not a value of the Swift type (out of range, not UTF-8, wrong length …).
    case malformed(column: PostgresType, byteCount: Int, wanted: String)
    /// The row has no column with that name.
    case noSuchColumn(String, available: [String])
    /// The row has another number of columns than were asked for.
    case columnCount(found: Int, wanted: Int)
    /// An error in one column, with the column's name or number (from 1).
    indirect case inColumn(String, PostgresDecodingError)

    /// What was wrong and what to do.
    public var description: String {
        switch self {
        case .unexpectedNull(let wanted): "the value is NULL; read it as \(wanted)? or exclude NULL in the statement"
        case .typeMismatch(let column, let wanted): "the column is \(column), which cannot be read as \(wanted); cast it in the statement"
        case .malformed(let column, let count, let wanted): "\(count) bytes of \(column) are no valid \(wanted)"
        case .noSuchColumn(let name, let available):
            "the result has no column '\(name)', only \(available.isEmpty ? "unnamed ones" : available.joined(separator: ", "))"
        case .columnCount(let found, let wanted): "the result has \(found) columns, \(wanted) were asked for"
        case .inColumn(let column, let error): "column \(column): \(error)"
        }
    }
}
