import Foundation

/// `jsonb` as the JSON text itself, for values that are passed on and not looked into.
public struct RawJSON: PostgresScalar, Hashable {
    /// The JSON text.
    public var text: String

    /// Wraps JSON text. The server refuses text that is not JSON.
    public init(_ text: String) { self.text = text }

    /// `jsonb`
    public static var postgresType: PostgresType { .jsonb }

    /// The version of the binary format, 1, and the text.
    public func encode(into buffer: inout PostgresBuffer) {
        buffer.write(Self.formatVersion)
        buffer.write(text.utf8)
    }

    /// Reads `jsonb` and `json`.
    public init(from cell: PostgresCell) throws {
        guard [.jsonb, .json, .unspecified].contains(cell.type) else { throw cell.mismatch(RawJSON.self) }
        let bytes = try Self.body(of: cell.nonNull(RawJSON.self), cell)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw cell.malformed(RawJSON.self) }
        self.text = text
    }

    private static let formatVersion: UInt8 = 1

    /// The text behind the version byte of `jsonb`; `json` has none. JSON text never begins with the byte 1, so COPY's untyped cells are told apart.
    static func body(of bytes: UnsafeRawBufferPointer, _ cell: PostgresCell) throws(PostgresDecodingError) -> UnsafeRawBufferPointer {
        if bytes.first == formatVersion { return UnsafeRawBufferPointer(rebasing: bytes.dropFirst()) }
        guard cell.type != .jsonb else { throw cell.malformed(RawJSON.self) }
        return bytes
    }
}

/// `jsonb` as a Swift value. Dates are ISO 8601; keys are those of the `Codable` type.
public struct JSONB<T: Codable & Sendable>: PostgresScalar {
    /// The value.
    public var value: T

    /// Wraps a value to be stored as `jsonb`.
    public init(_ value: T) { self.value = value }

    /// `jsonb`
    public static var postgresType: PostgresType { .jsonb }

    /// Encodes the value as JSON.
    /// - Throws: `EncodingError`, for instance for a number that is not finite.
    public func encode(into buffer: inout PostgresBuffer) throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        RawJSON(String(decoding: try encoder.encode(value), as: UTF8.self)).encode(into: &buffer)
    }

    /// Reads `jsonb` or `json` into the Swift type.
    /// - Throws: `DecodingError` when the JSON does not fit the type.
    public init(from cell: PostgresCell) throws {
        guard [.jsonb, .json, .unspecified].contains(cell.type) else { throw cell.mismatch(Self.self) }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        value = try decoder.decode(T.self, from: Data(RawJSON.body(of: cell.nonNull(Self.self), cell)))
    }
}

extension JSONB: Equatable where T: Equatable {}
extension JSONB: Hashable where T: Hashable {}
