extension Bool: PostgresScalar {
    /// `boolean`
    public static var postgresType: PostgresType { .bool }

    /// One byte, 0 or 1.
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(UInt8(self ? 1 : 0)) }

    /// Reads `boolean`.
    public init(from cell: PostgresCell) throws {
        guard cell.type == .bool || cell.type == .unspecified else { throw cell.mismatch(Bool.self) }
        self = try cell.integer(UInt8.self, for: Bool.self) != 0
    }
}

/// Whole numbers read any of the server's whole-number types that holds a value in their range.
extension FixedWidthInteger {
    init(wholeNumberFrom cell: PostgresCell) throws {
        let value: Int64 =
            switch (cell.type, try cell.nonNull(Self.self).count) {
            case (.int8, _), (.unspecified, 8): try cell.integer(Int64.self, for: Self.self)
            case (.int4, _), (.unspecified, 4): Int64(try cell.integer(Int32.self, for: Self.self))
            case (.int2, _), (.unspecified, 2): Int64(try cell.integer(Int16.self, for: Self.self))
            case (.oid, _): Int64(try cell.integer(UInt32.self, for: Self.self))
            case (.numeric, _): try BinaryNumeric(from: cell, for: Self.self).wholeNumber(cell, for: Self.self)
            default: throw cell.mismatch(Self.self)
            }
        guard let exact = Self(exactly: value) else { throw cell.malformed(Self.self) }
        self = exact
    }
}

extension UInt8: PostgresScalar {
    /// `smallint`
    public static var postgresType: PostgresType { .int2 }

    /// Two bytes, big-endian.
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(Int16(self)) }

    /// Reads any whole-number type whose value is in range.
    public init(from cell: PostgresCell) throws { try self.init(wholeNumberFrom: cell) }
}

extension Int16: PostgresScalar {
    /// `smallint`
    public static var postgresType: PostgresType { .int2 }

    /// Two bytes, big-endian.
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(self) }

    /// Reads any whole-number type whose value is in range.
    public init(from cell: PostgresCell) throws { try self.init(wholeNumberFrom: cell) }
}

extension Int32: PostgresScalar {
    /// `integer`
    public static var postgresType: PostgresType { .int4 }

    /// Four bytes, big-endian.
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(self) }

    /// Reads any whole-number type whose value is in range.
    public init(from cell: PostgresCell) throws { try self.init(wholeNumberFrom: cell) }
}

extension Int64: PostgresScalar {
    /// `bigint`
    public static var postgresType: PostgresType { .int8 }

    /// Eight bytes, big-endian.
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(self) }

    /// Reads any whole-number type whose value is in range.
    public init(from cell: PostgresCell) throws { try self.init(wholeNumberFrom: cell) }
}

extension Int: PostgresScalar {
    /// `bigint`
    public static var postgresType: PostgresType { .int8 }

    /// Eight bytes, big-endian.
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(Int64(self)) }

    /// Reads any whole-number type whose value is in range.
    public init(from cell: PostgresCell) throws { try self.init(wholeNumberFrom: cell) }
}

extension Float: PostgresScalar {
    /// `real`
    public static var postgresType: PostgresType { .float4 }

    /// The bit pattern of an IEEE 754 float32, big-endian.
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(bitPattern) }

    /// Reads `real`. A `double precision` is refused, because it would be rounded.
    public init(from cell: PostgresCell) throws {
        guard cell.type == .float4 || cell.type == .unspecified else { throw cell.mismatch(Float.self) }
        self.init(bitPattern: try cell.integer(UInt32.self, for: Float.self))
    }
}

extension Double: PostgresScalar {
    /// `double precision`
    public static var postgresType: PostgresType { .float8 }

    /// The bit pattern of an IEEE 754 float64, big-endian.
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(bitPattern) }

    /// Reads `double precision`, `real` and `numeric` (rounded to the nearest float64).
    public init(from cell: PostgresCell) throws {
        switch (cell.type, try cell.nonNull(Double.self).count) {
        case (.float8, _), (.unspecified, 8): self.init(bitPattern: try cell.integer(UInt64.self, for: Double.self))
        case (.float4, _), (.unspecified, 4): self.init(Float(bitPattern: try cell.integer(UInt32.self, for: Double.self)))
        case (.numeric, _): self = try BinaryNumeric(from: cell, for: Double.self).double
        default: throw cell.mismatch(Double.self)
        }
    }
}

extension String: PostgresScalar {
    /// `text`. See ``SQL/Interpolation/appendInterpolation(untyped:)`` for enumerations and other types that text is not cast to by itself.
    public static var postgresType: PostgresType { .text }

    /// UTF-8.
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(utf8) }

    /// Reads text types, `json`, `jsonb`, `name`, and the enumerations and text-like types of users and extensions.
    public init(from cell: PostgresCell) throws {
        var bytes = try cell.nonNull(String.self)
        switch cell.type {
        case .text, .varchar, .bpchar, .name, .char, .unknown, .json, .xml, .unspecified: break
        case .jsonb: bytes = try RawJSON.body(of: bytes, cell)
        default: guard cell.type.oid >= PostgresType.firstUserDefinedOID else { throw cell.mismatch(String.self) }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw cell.malformed(String.self) }
        self = text
    }
}
