import Foundation

extension UUID: PostgresScalar {
    /// `uuid`
    public static var postgresType: PostgresType { .uuid }

    /// Sixteen bytes.
    public func encode(into buffer: inout PostgresBuffer) { withUnsafeBytes(of: uuid) { buffer.write($0) } }

    /// Reads `uuid`.
    public init(from cell: PostgresCell) throws {
        guard cell.type == .uuid || cell.type == .unspecified else { throw cell.mismatch(UUID.self) }
        let bytes = try cell.nonNull(UUID.self)
        guard bytes.count == MemoryLayout<uuid_t>.size else { throw cell.malformed(UUID.self) }
        self.init(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}

/// The server counts microseconds from 2000-01-01 UTC, Foundation seconds from 2001-01-01 UTC: 366 days later.
private let microsecondsToReferenceDate: Int64 = 31_622_400_000_000

extension Date: PostgresScalar {
    /// `timestamp with time zone`
    public static var postgresType: PostgresType { .timestamptz }

    /// Microseconds since 2000-01-01, rounded. Infinite dates become `infinity` and `-infinity`; the server refuses a date it has no room for.
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(Self.serverMicroseconds(timeIntervalSinceReferenceDate)) }

    /// Reads `timestamptz`, `timestamp` (taken as UTC) and `date` (midnight UTC).
    public init(from cell: PostgresCell) throws {
        switch cell.type {
        case .timestamptz, .timestamp, .unspecified: self.init(serverMicroseconds: try cell.integer(Int64.self, for: Date.self))
        case .date: self.init(serverDays: try cell.integer(Int32.self, for: Date.self))
        default: throw cell.mismatch(Date.self)
        }
    }

    private static func serverMicroseconds(_ interval: TimeInterval) -> Int64 {
        if interval == .infinity { return .max }
        if interval == -.infinity { return .min }
        // Int64.max - 1 is outside the server's range, so it answers "timestamp out of range" instead of storing something else.
        guard let microseconds = Int64(exactly: (interval * 1e6).rounded()) else { return .max - 1 }
        let (sum, overflow) = microseconds.addingReportingOverflow(microsecondsToReferenceDate)
        return overflow ? .max - 1 : sum
    }

    private init(serverMicroseconds: Int64) {
        switch serverMicroseconds {
        case .max: self.init(timeIntervalSinceReferenceDate: .infinity)
        case .min: self.init(timeIntervalSinceReferenceDate: -.infinity)
        default: self.init(timeIntervalSinceReferenceDate: Double(serverMicroseconds - microsecondsToReferenceDate) / 1e6)
        }
    }

    private init(serverDays: Int32) {
        switch serverDays {
        case .max: self.init(timeIntervalSinceReferenceDate: .infinity)
        case .min: self.init(timeIntervalSinceReferenceDate: -.infinity)
        default: self.init(timeIntervalSinceReferenceDate: (Double(serverDays) - 366) * 86_400)
        }
    }
}

extension Data: PostgresScalar {
    /// `bytea`
    public static var postgresType: PostgresType { .bytea }

    /// The bytes.
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(self) }

    /// Reads `bytea`.
    public init(from cell: PostgresCell) throws {
        guard cell.type == .bytea || cell.type == .unspecified else { throw cell.mismatch(Data.self) }
        self.init(try cell.nonNull(Data.self))
    }
}
