public import Domain
import Postgres

/// One month of messages.
public struct MessagePartition: Sendable, Codable, Equatable {
    public let name: String
    public let bounds: String
    public let estimatedRows: Int
    public let bytes: Int

    private enum CodingKeys: String, CodingKey {
        case name, bounds, bytes
        case estimatedRows = "estimated_rows"
    }
}

extension Transaction {
    /// Makes the partitions of messages from a day's month on, as many as asked for; those that exist stay. Returns how many were made.
    /// - Parameter from: as `YYYY-MM-DD`; nil for this month.
    public func ensureMessagePartitions(from day: String? = nil, months: Int) async throws -> Int {
        let rows = try await connection.query(
            """
            SELECT ensure_message_partitions(coalesce(\(untyped: day)::date, (now() AT TIME ZONE 'UTC')::date), \(Int32(months)))
            """)
        return Int(try rows.first?.decode(Int32.self) ?? 0)
    }

    /// The partitions of messages, by name.
    public func messagePartitions() async throws -> [MessagePartition] {
        try await connection.query("SELECT name, bounds, estimated_rows, bytes FROM message_partitions()").map { row in
            MessagePartition(
                name: try row.decode("name", as: String.self), bounds: try row.decode("bounds", as: String.self),
                estimatedRows: try row.decode("estimated_rows", as: Int.self), bytes: try row.decode("bytes", as: Int.self))
        }
    }

    /// Makes the index on embeddings once there are rows enough for its lists; whether it exists afterwards.
    public func ensureEmbeddingIndex() async throws -> Bool {
        try await connection.query("SELECT ensure_embedding_index()").first?.decode(Bool.self) ?? false
    }

    /// After how many days the service archives, as the administrator set it; nil when it is off.
    public func archiveAfterDays() async throws -> Int? {
        let rows = try await connection.query(
            """
            SELECT CASE WHEN jsonb_typeof(value) = 'number' THEN floor((value #>> '{}')::numeric)::bigint END
            FROM system_settings WHERE key = 'archive_after_days'
            """)
        guard let days = try rows.first?.decode(Int?.self), days > 0 else { return nil }
        return days
    }

    /// Removes answers kept for repeated requests for more than a day; returns how many.
    public func clearIdempotencyKeys() async throws -> Int {
        try await connection.execute("DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'")
    }

    /// Removes refresh tokens that have been used or expired for 30 days; returns how many.
    public func clearRefreshTokens() async throws -> Int {
        try await connection.execute(
            """
            DELETE FROM refresh_tokens WHERE expires_at < now() - interval '30 days' OR used_at < now() - interval '30 days'
            """)
    }

    /// Removes one-time links that have been used or expired for 30 days; returns how many.
    public func clearAccountTokens() async throws -> Int {
        try await connection.execute(
            """
            DELETE FROM account_tokens WHERE expires_at < now() - interval '30 days' OR used_at < now() - interval '30 days'
            """)
    }

    /// Forgets resumable uploads that have expired; their ids, so that their bytes are removed after the commit.
    public func clearUploads(limit: Int) async throws -> [UploadID] {
        try await connection.query(
            """
            DELETE FROM uploads WHERE (user_id, id) IN (
                SELECT user_id, id FROM uploads WHERE expires_at < now() ORDER BY expires_at LIMIT \(Int64(limit)))
            RETURNING id
            """
        ).map { try $0.decode(UploadID.self) }
    }

    /// Forgets failed log-ins of more than a day ago; returns how many names.
    public func clearLoginAttempts() async throws -> Int {
        try await connection.execute(
            """
            DELETE FROM login_attempts
            WHERE last_failure_at < now() - interval '1 day' AND (locked_until IS NULL OR locked_until < now())
            """)
    }
}

extension Database {
    /// Runs the body unless another session, of this or another replica, runs one under the same name; nil then.
    public func exclusively<R: Sendable>(
        _ name: String, _ scope: Scope, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> R
    ) async throws -> R? {
        try await session(scope) { connection in
            let rows = try await connection.query("SELECT pg_try_advisory_lock(hashtextextended(\(name), 0))")
            guard try rows.first?.decode(Bool.self) == true else { return nil }
            do {
                let value = try await body()
                _ = try await connection.query("SELECT pg_advisory_unlock(hashtextextended(\(name), 0))")
                return value
            } catch {
                // In a cancelled task no statement runs any more; the lock goes with the session then.
                do {
                    _ = try await connection.query("SELECT pg_advisory_unlock(hashtextextended(\(name), 0))")
                } catch {
                    await connection.close()
                }
                throw error
            }
        }
    }
}
