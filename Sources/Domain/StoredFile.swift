public import Foundation

/// Where a file stands on its way into the index. `done` and `failed` are final until the bytes change.
public enum ProcessingState: String, Sendable, Codable, CaseIterable {
    case pending
    case processing
    case done
    case failed
}

/// One uploaded document. Its identity is (assistant, source path); its bytes are addressed by their SHA-256.
public struct StoredFile: Sendable, Hashable {
    public var id: FileID
    public var userID: UserID
    public var assistantID: AssistantID?
    /// The conversation it is attached to, open or archived; nil for a file of the assistant's own.
    public var conversationID: UUID?
    public var name: String
    /// The path the importer gave, which tells a changed file from a new one.
    public var sourcePath: String
    public var mediaType: String?
    public var byteCount: Int
    public var sha256: ContentDigest
    public var tags: [String]
    /// What its owner noted of it, and the `title` its text gives itself; an object.
    public var metadata: JSONValue
    public var state: ProcessingState
    public var failureCode: String?
    public var failureReason: String?
    public var chunkCount: Int
    public var createdAt: Date
    public var updatedAt: Date
    /// Changes with each change of the row; the entity tag.
    public var version: String
    /// The write that stored its passages; nil before there were any.
    public var doneBy: WriteToken?

    public init(
        id: FileID, userID: UserID, assistantID: AssistantID?, conversationID: UUID? = nil, name: String, sourcePath: String,
        mediaType: String?, byteCount: Int,
        sha256: ContentDigest, tags: [String], metadata: JSONValue, state: ProcessingState, failureCode: String?, failureReason: String?,
        chunkCount: Int,
        createdAt: Date, updatedAt: Date, version: String, doneBy: WriteToken? = nil
    ) {
        self.id = id
        self.userID = userID
        self.assistantID = assistantID
        self.conversationID = conversationID
        self.name = name
        self.sourcePath = sourcePath
        self.mediaType = mediaType
        self.byteCount = byteCount
        self.sha256 = sha256
        self.tags = tags
        self.metadata = metadata
        self.state = state
        self.failureCode = failureCode
        self.failureReason = failureReason
        self.chunkCount = chunkCount
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.version = version
        self.doneBy = doneBy
    }
}

/// 32 bytes of SHA-256, the address of a file's bytes.
public struct ContentDigest: Sendable, Hashable, LosslessStringConvertible {
    public let bytes: [UInt8]

    /// Nil unless there are exactly 32 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Reads 64 hexadecimal digits; nil for anything else.
    public init?(_ description: String) {
        let digits = Array(description.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: 64, by: 2) {
            guard let high = Self.value(of: digits[place]), let low = Self.value(of: digits[place + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// 64 lower-case hexadecimal digits.
    public var description: String { bytes.hexadecimal }
}

extension Sequence where Element == UInt8 {
    /// Two lower-case hexadecimal digits a byte.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(underestimatedCount * 2)
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
