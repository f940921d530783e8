extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    /// The type of the wrapped value.
    public static var postgresType: PostgresType { Wrapped.postgresType }

    /// True for nil.
    public var isPostgresNull: Bool { self?.isPostgresNull ?? true }

    /// Appends the wrapped value.
    public func encode(into buffer: inout PostgresBuffer) throws { try self?.encode(into: &buffer) }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    /// Reads NULL as nil, anything else as the wrapped type.
    public init(from cell: PostgresCell) throws { self = cell.bytes == nil ? nil : .some(try Wrapped(from: cell)) }
}

extension Optional: PostgresScalar where Wrapped: PostgresScalar {}

extension Array: PostgresEncodable where Element: PostgresScalar {
    /// The array type of the element; `bytea` for bytes.
    public static var postgresType: PostgresType { Element.postgresArrayType }

    /// One dimension, counted from 1; `bytea` for bytes.
    public func encode(into buffer: inout PostgresBuffer) throws { try Element.encodeArray(self, into: &buffer) }
}

extension Array: PostgresDecodable where Element: PostgresScalar {
    /// Reads an array of at most one dimension; `bytea` for bytes.
    public init(from cell: PostgresCell) throws { self = try Element.decodeArray(from: cell) }
}

/// The layout is that of `array_send` in `src/backend/utils/adt/arrayfuncs.c`: dimensions, NULL flag, element type, then size and lower bound
/// of each dimension, then the elements with their lengths.
extension PostgresScalar {
    /// The fixed array type of ``PostgresEncodable/postgresType``, or inferred by the server.
    public static var postgresArrayType: PostgresType { postgresType.arrayType }

    /// Appends dimensions, the element's type and the elements.
    public static func encodeArray(_ elements: [Self], into buffer: inout PostgresBuffer) throws {
        buffer.write(Int32(elements.isEmpty ? 0 : 1))
        buffer.write(Int32(elements.contains(where: \.isPostgresNull) ? 1 : 0))
        buffer.write(type: postgresType)
        guard !elements.isEmpty else { return }
        buffer.write(Int32(elements.count))
        buffer.write(Int32(1))
        for element in elements { try buffer.writeValue(element) }
    }

    /// Reads an array of no or one dimension.
    public static func decodeArray(from cell: PostgresCell) throws -> [Self] {
        let bytes = try cell.nonNull([Self].self)
        guard bytes.count >= 12 else { throw cell.mismatch([Self].self) }
        let dimensions = bytes.bigEndian(Int32.self, at: 0)
        if dimensions == 0 { return [] }
        guard dimensions == 1, bytes.count >= 20 else { throw cell.mismatch([Self].self) }
        let elementType = PostgresType(oid: bytes.bigEndian(UInt32.self, at: 8))
        let count = Int(bytes.bigEndian(Int32.self, at: 12))
        // Every element takes at least the four bytes of its length: a count beyond that is not one to reserve memory for.
        guard count >= 0, count <= (bytes.count - 20) / 4 else { throw cell.malformed([Self].self) }
        var offset = 20
        var elements: [Self] = []
        elements.reserveCapacity(count)
        for _ in 0..<count {
            guard let element = bytes.lengthPrefixed(at: &offset, type: elementType) else { throw cell.malformed([Self].self) }
            elements.append(try Self(from: element))
        }
        return elements
    }
}

extension UnsafeRawBufferPointer {
    /// The value preceded by its length at `offset`, which moves past it; nil where the buffer is too short.
    func lengthPrefixed(at offset: inout Int, type: PostgresType) -> PostgresCell? {
        guard offset + 4 <= count else { return nil }
        let length = Int(bigEndian(Int32.self, at: offset))
        offset += 4
        if length < 0 { return PostgresCell(bytes: nil, type: type) }
        guard offset + length <= count else { return nil }
        defer { offset += length }
        return PostgresCell(bytes: UnsafeRawBufferPointer(rebasing: self[offset..<offset + length]), type: type)
    }
}

extension UInt8 {
    /// `bytea`: an array of bytes is one value, not an array of numbers.
    public static var postgresArrayType: PostgresType { .bytea }

    /// The bytes.
    public static func encodeArray(_ elements: [UInt8], into buffer: inout PostgresBuffer) { buffer.write(elements) }

    /// Reads `bytea`.
    public static func decodeArray(from cell: PostgresCell) throws -> [UInt8] {
        guard cell.type == .bytea || cell.type == .unspecified else { throw cell.mismatch([UInt8].self) }
        return Array(try cell.nonNull([UInt8].self))
    }
}

extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
    /// The type of the raw value.
    public static var postgresType: PostgresType { RawValue.postgresType }

    /// Appends the raw value.
    public func encode(into buffer: inout PostgresBuffer) throws { try rawValue.encode(into: &buffer) }
}

extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
    /// Reads the raw value and refuses one that the type does not know.
    public init(from cell: PostgresCell) throws {
        let raw = try RawValue(from: cell)
        guard let value = Self(rawValue: raw) else { throw cell.malformed(Self.self) }
        self = value
    }
}
