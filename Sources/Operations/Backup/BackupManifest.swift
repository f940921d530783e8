public import Foundation
public import Storage

/// What a backup holds, as `manifest.json` in its folder tells it.
public struct BackupManifest: Codable, Sendable {
    /// One file of the backup.
    public struct Part: Codable, Sendable, Equatable {
        /// Below the backup's folder.
        public let path: String
        public let bytes: Int
        public let sha256: String
    }

    /// A stored file that could not be copied, because it was gone or damaged already.
    public struct MissingFile: Codable, Sendable, Equatable {
        public let sha256: String
        public let reason: String
    }

    public static let format = "bunko-backup"
    public static let formatVersion = 1

    public let format: String
    public let format_version: Int
    public let bunko_version: String
    /// Seconds since 1970 of the snapshot.
    public let created_at: Int
    /// Such as 150020 for 15.20.
    public let server_version: Int
    /// The role the tables belong to.
    public let owner: String
    public let migrations: [DatabaseSnapshot.AppliedMigration]
    /// Rows by table.
    public let tables: [String: Int]
    public let database: Part
    public let files: [Part]
    public let missing_files: [MissingFile]

    public var createdAt: Date { Date(timeIntervalSince1970: Double(created_at)) }
    /// Of all parts together.
    public var byteCount: Int { files.reduce(database.bytes) { $0 + $1.bytes } }
    /// Of all tables together.
    public var rowCount: Int { tables.values.reduce(0, +) }

    func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return try encoder.encode(self)
    }
}
