public import Domain
import Postgres

/// Names one session of a running service among several on a database: the key of an advisory lock it holds as long as it lives.
public struct InstanceID: Sendable, Hashable, CustomStringConvertible {
    public let rawValue: Int64

    /// A fresh random identity.
    public init() {
        rawValue = Int64.random(in: 1...Int64.max)
    }

    public var description: String { String(rawValue) }
}

extension Database {
    /// Holds the instance's lock on a session of its own for as long as the body runs, so that other instances can tell that it
    /// lives; the server releases it the moment the process or its connection dies.
    public func holdingInstanceLock<R>(
        _ instance: InstanceID, _ scope: Scope, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> R
    ) async throws -> R {
        try await session(scope) { connection in
            try await connection.execute("SELECT pg_advisory_lock(\(instance.rawValue))")
            let result: R
            do {
                result = try await body()
            } catch {
                // The lock dies with the session when it cannot be given back.
                _ = try? await connection.execute("SELECT pg_advisory_unlock(\(instance.rawValue))")
                throw error
            }
            try await connection.execute("SELECT pg_advisory_unlock(\(instance.rawValue))")
            return result
        }
    }
}

extension Transaction {
    /// Takes the oldest pending file for this instance; nil when none waits. Two instances never take the same one. What belongs to an
    /// archived conversation waits for its return.
    public func claimFile(for instance: InstanceID) async throws -> StoredFile? {
        let rows = try await connection.query(
            """
            UPDATE files SET processing_state = 'processing', claimed_by = \(instance.rawValue), attempts = attempts + 1
            WHERE (user_id, id) = (
                SELECT user_id, id FROM files WHERE processing_state = 'pending' AND archived_conversation_id IS NULL
                ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING \(Self.fileColumns)
            """)
        return try rows.first.map(StoredFile.init)
    }

    /// Puts the claims of instances that no longer live back into the queue; a file that took three instances down with it is failed.
    /// An attempt that ended because the server was started again is not counted.
    /// - Parameter instance: who notices; its own claims stay.
    /// - Returns: how many rows changed.
    @discardableResult
    public func releaseAbandonedClaims(noticedBy instance: InstanceID) async throws -> Int {
        let counted: SQL = "attempts - (updated_at < pg_postmaster_start_time())::integer"
        return try await connection.execute(
            """
            UPDATE files SET
                processing_state = CASE WHEN \(counted) >= 3 THEN 'failed' ELSE 'pending' END,
                failure_code = CASE WHEN \(counted) >= 3 THEN 'processing_interrupted' END,
                failure_reason = CASE WHEN \(counted) >= 3
                    THEN 'The service stopped three times while it read this file. Import it again with --retry-failed.' END,
                attempts = \(counted), claimed_by = NULL
            WHERE processing_state = 'processing' AND claimed_by <> \(instance.rawValue) AND NOT EXISTS (
                SELECT FROM pg_locks l
                WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND ((l.classid::bigint << 32) | l.objid::bigint) = claimed_by)
            """)
    }

    /// Whether the instance's lock is still held: its session may have broken without anybody having used it since.
    public func isLocked(_ instance: InstanceID) async throws -> Bool {
        let rows = try await connection.query(
            """
            SELECT FROM pg_locks l
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND ((l.classid::bigint << 32) | l.objid::bigint) = \(instance.rawValue)
            """)
        return !rows.isEmpty
    }

    /// Gives a claim back without counting the attempt, when the service and not the file was at fault; nothing happens when the claim
    /// was lost or the file's bytes changed meanwhile.
    public func releaseClaim(_ file: StoredFile, of instance: InstanceID) async throws {
        try await connection.execute(
            """
            UPDATE files SET processing_state = 'pending', claimed_by = NULL, attempts = greatest(attempts - 1, 0)
            WHERE \(Self.isHeld(file, by: instance))
            """)
    }

    /// Gives back every claim of instances that process nothing any more, without counting the attempts.
    public func releaseClaims(of instances: [InstanceID]) async throws {
        guard !instances.isEmpty else { return }
        try await connection.execute(
            """
            UPDATE files SET processing_state = 'pending', claimed_by = NULL, attempts = greatest(attempts - 1, 0)
            WHERE processing_state = 'processing' AND claimed_by = ANY(\(instances.map(\.rawValue)))
            """)
    }

    /// Ends a claim with the reason the file cannot be read; nothing happens when the claim was lost or the file's bytes changed meanwhile.
    public func failFile(_ file: StoredFile, of instance: InstanceID, code: String, reason: String) async throws {
        try await connection.execute(
            """
            UPDATE files SET processing_state = 'failed', claimed_by = NULL, failure_code = \(code), failure_reason = \(reason)
            WHERE \(Self.isHeld(file, by: instance))
            """)
    }

    /// The condition of a claim on the bytes it was made for: another task of the same instance may have claimed newer ones.
    static func isHeld(_ file: StoredFile, by instance: InstanceID) -> SQL {
        """
        user_id = \(file.userID) AND id = \(file.id) AND processing_state = 'processing' AND claimed_by = \(instance.rawValue)
            AND sha256 = \(file.sha256.bytes)
        """
    }

    /// Contents nothing has referred to for an hour; their rows are deleted in this transaction, so that the caller may remove the
    /// bytes before it commits and no upload can slip in between. None while a backup is under way, which may still have to copy them.
    public func takeReleasedContents(limit: Int) async throws -> [ContentDigest] {
        let lock = try await connection.query("SELECT pg_try_advisory_xact_lock(\(BackupLock.key))")
        guard try lock.first?.decode(Bool.self) == true else { return [] }
        // The condition stands outside as well: it is what is tested again when an upload refers to a row meanwhile. Locking the rows
        // first would ask for UPDATE, which the worker does not have.
        return try await connection.query(
            """
            DELETE FROM file_contents
            WHERE reference_count = 0 AND released_at < now() - interval '1 hour' AND sha256 IN (
                SELECT sha256 FROM file_contents WHERE reference_count = 0 AND released_at < now() - interval '1 hour'
                LIMIT \(limit))
            RETURNING sha256
            """
        ).compactMap { ContentDigest(bytes: try $0.decode("sha256", as: [UInt8].self)) }
    }
}
