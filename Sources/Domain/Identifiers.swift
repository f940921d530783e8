public import Foundation

/// A typed UUID: the identity of one kind of entity. Written in lower case, read in any case.
public protocol EntityID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible, LosslessStringConvertible
where RawValue == UUID {
    /// Wraps an identifier that is known to belong to this kind.
    init(rawValue: UUID)
}

extension EntityID {
    /// A fresh random (version 4) identifier.
    public init() {
        self.init(rawValue: UUID())
    }

    /// Reads the canonical 36-character form; nil for anything else.
    public init?(_ description: String) {
        guard let value = UUID(uuidString: description) else { return nil }
        self.init(rawValue: value)
    }

    /// The canonical form in lower case, as PostgreSQL prints it.
    public var description: String { rawValue.uuidString.lowercased() }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = UUID(uuidString: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not a UUID")
        }
        self.init(rawValue: value)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Identifies a row of `users`.
public struct UserID: EntityID {
    public let rawValue: UUID
    public init(rawValue: UUID) { self.rawValue = rawValue }

    /// Owner of built-in and shared rows; installed by migration, cannot log in.
    public static let system = UserID(rawValue: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)))
    /// Owner of what the command line makes on a fresh database; installed by migration.
    public static let local = UserID(rawValue: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2)))

    /// Whether this is one of the two above, which stay as the migration made them.
    public var isBuiltIn: Bool { self == .system || self == .local }
}

/// Identifies a row of `assistants`, and with it one partition of the vector index.
public struct AssistantID: EntityID {
    public let rawValue: UUID
    public init(rawValue: UUID) { self.rawValue = rawValue }
}

/// Identifies a row of `personality_templates`.
public struct PersonaID: EntityID {
    public let rawValue: UUID
    public init(rawValue: UUID) { self.rawValue = rawValue }
}

/// Identifies a row of `files`.
public struct FileID: EntityID {
    public let rawValue: UUID
    public init(rawValue: UUID) { self.rawValue = rawValue }
}

/// Identifies a row of `uploads`: a file that comes in several requests.
public struct UploadID: EntityID {
    public let rawValue: UUID
    public init(rawValue: UUID) { self.rawValue = rawValue }
}

/// Identifies a row of `knowledge_base`: one chunk of one file.
public struct ChunkID: EntityID {
    public let rawValue: UUID
    public init(rawValue: UUID) { self.rawValue = rawValue }
}

/// Identifies a row of `api_keys`.
public struct APIKeyID: EntityID {
    public let rawValue: UUID
    public init(rawValue: UUID) { self.rawValue = rawValue }
}

/// Identifies a session: the family of its refresh tokens in `refresh_tokens`.
public struct SessionID: EntityID {
    public let rawValue: UUID
    public init(rawValue: UUID) { self.rawValue = rawValue }
}

/// Identifies a row of `mirror_replicas`: one running copy of the index.
public struct ReplicaID: EntityID {
    public let rawValue: UUID
    public init(rawValue: UUID) { self.rawValue = rawValue }
}
