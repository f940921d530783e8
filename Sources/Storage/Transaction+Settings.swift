import Postgres

extension Transaction {
    /// Largest upload that is accepted, in bytes, as the administrator set it; 10 MiB when the setting is missing.
    public func maximumFileSize() async throws -> Int {
        let rows = try await connection.query("SELECT value #>> '{}' AS value FROM system_settings WHERE key = 'max_file_size'")
        let text = try rows.first?.decode("value", as: String?.self)
        return text.flatMap { $0 }.flatMap(Int.init) ?? 10_485_760
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
