public import Domain
public import Foundation
import Postgres

/// One setting of the installation.
public struct Setting: Sendable {
    public let key: String
    public let value: JSONValue
    public let summary: String?
    public let updatedAt: Date
    /// Changes with each change of the row; the entity tag.
    public let version: String
}

extension Transaction {
    /// Largest upload that is accepted, in bytes, as the administrator set it; 10 MiB when the setting is missing.
    public func maximumFileSize() async throws -> Int {
        let rows = try await connection.query("SELECT value #>> '{}' AS value FROM system_settings WHERE key = 'max_file_size'")
        let text = try rows.first?.decode("value", as: String?.self)
        return text.flatMap { $0 }.flatMap(Int.init) ?? 10_485_760
    }

    /// The embedding model whose vectors the knowledge has; nil before the first.
    public func embeddingModel() async throws -> String? {
        try await connection.query("SELECT value #>> '{}' AS value FROM system_settings WHERE key = 'embedding_model'")
            .first?.decode("value", as: String?.self)
    }

    /// Settles the embedding model, where none is yet; for the service's own scope.
    /// - Returns: the model that is settled, by this call or by an earlier one.
    public func settleEmbeddingModel(_ model: String) async throws -> String {
        try await connection.execute(
            "UPDATE system_settings SET value = to_jsonb(\(model)::text) WHERE key = 'embedding_model' AND value = 'null'")
        guard let settled = try await embeddingModel() else {
            throw Problem(
                .internalFault, code: "embedding_model_missing", "The database has no setting \"embedding_model\".",
                remedy: "Run bunko migrate, or restore the row of system_settings.")
        }
        return settled
    }

    /// The model a new assistant gets when none is named, as the administrator set it.
    public func defaultModel() async throws -> String? {
        try await connection.query("SELECT value #>> '{}' AS value FROM system_settings WHERE key = 'default_llm_model'")
            .first?.decode("value", as: String?.self)
    }

    /// Extensions of the file types that are accepted, as the administrator set them.
    public func supportedFileTypes() async throws -> [String] {
        let rows = try await connection.query("SELECT value FROM system_settings WHERE key = 'supported_file_types'")
        return try rows.first?.decode("value", as: JSONB<[String]>.self).value ?? []
    }
}

extension Transaction {
    private static let settingColumns: SQL = "key, value, description, updated_at, xmin::text AS version"

    /// Every setting, by key.
    public func settings() async throws -> [Setting] {
        try await connection.query("SELECT \(Self.settingColumns) FROM system_settings ORDER BY key").map(Setting.init)
    }

    /// Changes a setting that exists; for the service's own scope.
    /// - Parameter version: the only version that is changed; nil for any.
    /// - Throws: `precondition_failed` when the setting is at another version.
    public func setSetting(_ key: String, to value: JSONValue, version: String?) async throws -> Setting {
        let rows = try await connection.query(
            """
            UPDATE system_settings SET value = \(JSONB(value))
            WHERE key = \(key) AND (\(version)::text IS NULL OR xmin::text = \(version)) RETURNING \(Self.settingColumns)
            """)
        if let row = rows.first { return try Setting(row) }
        guard try await settings().contains(where: { $0.key == key }) else { throw Problem.notFound("setting", key) }
        throw Problem.versionChanged("setting")
    }
}

extension Setting {
    fileprivate init(_ row: PostgresRow) throws {
        key = try row.decode("key", as: String.self)
        value = try row.decode("value", as: JSONB<JSONValue>.self).value
        summary = try row.decode("description", as: String?.self)
        updatedAt = try row.decode("updated_at", as: Date.self)
        version = try row.decode("version", as: String.self)
    }
}
