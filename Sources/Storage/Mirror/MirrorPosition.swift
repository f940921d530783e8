public import Domain

/// A point in the database's history: which transactions a reader has seen. The text form of `pg_snapshot`, xmin:xmax:running.
public struct MirrorPosition: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    private let oldestRunning: UInt64
    private let next: UInt64
    private let running: Set<UInt64>

    /// Nil unless the text is a `pg_snapshot`.
    public init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let oldest = UInt64(parts[0]), let next = UInt64(parts[1]) else { return nil }
        let running = parts[2].split(separator: ",").compactMap { UInt64($0) }
        self.description = description
        self.oldestRunning = oldest
        self.next = next
        self.running = Set(running)
    }

    /// Whether a committed write with this token is part of what has been seen.
    public func includes(_ token: WriteToken) -> Bool {
        let id = token.transactionID
        return id < oldestRunning || (id < next && !running.contains(id))
    }
}

extension MirrorPosition: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let position = MirrorPosition(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a position is a pg_snapshot")
        }
        self = position
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
