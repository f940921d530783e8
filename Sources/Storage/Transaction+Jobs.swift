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
    /// Takes the oldest job that waits, for this instance, and with it those behind it that may be done in one go: all of small files
    /// of the same assistant and conversation, all begun for the first time, for a file that has taken a service down must not take
    /// others down with it. None when none waits. Two instances never take the same one. What belongs to an archived conversation waits
    /// for its return.
    ///
    /// A job and its file are locked together or passed over, so that nobody who holds one of them is waited for.
    /// - Parameters:
    ///   - limit: most jobs taken.
    ///   - small: largest file, in bytes, that is taken together with others.
    /// - Returns: the jobs, the oldest first.
    public func claimJobs(for instance: InstanceID, atMost limit: Int, small: Int) async throws -> [ClaimedJob] {
        try await connection.query(
            """
            WITH waiting AS (
                SELECT j.user_id AS owner, j.id AS job, j.file_id AS subject, j.created_at AS since, j.assistant_id AS assistant,
                    f.conversation_id AS conversation, j.attempts + j.interruptions = 0 AND f.file_size <= \(small) AS is_small
                FROM jobs j JOIN files f ON f.user_id = j.user_id AND f.id = j.file_id
                WHERE j.state = 'queued' AND j.not_before <= now() AND f.archived_conversation_id IS NULL
                ORDER BY j.created_at, j.id LIMIT \(limit) FOR UPDATE OF j, f SKIP LOCKED
            ), oldest AS (
                SELECT * FROM waiting ORDER BY since, job LIMIT 1
            ), next AS (
                SELECT w.* FROM waiting w CROSS JOIN oldest o
                WHERE w.job = o.job OR (o.is_small AND w.is_small AND w.owner = o.owner
                    AND w.assistant IS NOT DISTINCT FROM o.assistant AND w.conversation IS NOT DISTINCT FROM o.conversation)
            ), taken AS (
                UPDATE jobs SET state = 'extracting', claimed_by = \(instance.rawValue), attempts = attempts + 1,
                    started_at = coalesce(started_at, clock_timestamp())
                FROM next WHERE user_id = owner AND id = job
                RETURNING owner, job, subject, since, attempts AS tries, interruptions AS deaths
            ), begun AS (
                UPDATE files SET processing_state = 'processing' FROM taken WHERE user_id = owner AND id = subject
                RETURNING \(Self.fileColumns), since, job, tries, deaths
            )
            SELECT * FROM begun ORDER BY since, job
            """
        ).map { row in
            ClaimedJob(
                id: try row.decode("job", as: JobID.self), file: try StoredFile(row),
                attempts: Int(try row.decode("tries", as: Int32.self)), interruptions: Int(try row.decode("deaths", as: Int32.self)))
        }
    }

    /// Puts the jobs of instances that no longer live back into the queue; a file that took three instances down with it is failed.
    /// An attempt that ended because the database was started again is not counted.
    /// - Parameter instance: who notices; its own claims stay.
    /// - Returns: how many jobs changed.
    @discardableResult
    public func releaseAbandonedClaims(noticedBy instance: InstanceID) async throws -> Int {
        let isAbandoned: SQL = """
            j.claimed_by <> \(instance.rawValue) AND NOT EXISTS (
                SELECT FROM pg_locks l
                WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND ((l.classid::bigint << 32) | l.objid::bigint) = j.claimed_by)
            """
        let isCounted: SQL = "(updated_at >= pg_postmaster_start_time())::integer"
        return try await release(
            isAbandoned, attempts: "attempts - 1 + \(isCounted)", interruptions: "interruptions + \(isCounted)")
    }

    /// Gives back every job of instances that process nothing any more, without counting the attempts.
    public func releaseClaims(of instances: [InstanceID]) async throws {
        guard !instances.isEmpty else { return }
        try await release(
            "j.claimed_by = ANY (\(instances.map(\.rawValue)))", attempts: "greatest(attempts - 1, 0)", interruptions: "interruptions")
    }

    /// - Parameters:
    ///   - attempts: those that the job has had.
    ///   - interruptions: the same; with too many it fails instead.
    @discardableResult
    private func release(_ condition: SQL, attempts: SQL, interruptions: SQL) async throws -> Int {
        let failure = JobFailure.interrupted
        let isEnd: SQL = "\(interruptions) >= \(Int32(JobFailure.mostInterruptions))"
        return try await connection.execute(
            """
            WITH gone (owner, job, subject) AS (
                SELECT j.user_id, j.id, j.file_id FROM jobs j JOIN files f ON f.user_id = j.user_id AND f.id = j.file_id
                WHERE j.claimed_by IS NOT NULL AND \(condition) FOR UPDATE OF j, f SKIP LOCKED
            ), released (owner, subject, failed) AS (
                UPDATE jobs SET
                    state = CASE WHEN \(isEnd) THEN 'failed' ELSE 'queued' END,
                    failure_code = CASE WHEN \(isEnd) THEN \(failure.code) END,
                    failure_reason = CASE WHEN \(isEnd) THEN \(failure.reason) END,
                    failure_remedy = CASE WHEN \(isEnd) THEN \(failure.remedy) END,
                    failure_step = CASE WHEN \(isEnd) THEN state END,
                    finished_at = CASE WHEN \(isEnd) THEN clock_timestamp() END,
                    attempts = \(attempts), interruptions = \(interruptions), claimed_by = NULL
                FROM gone WHERE user_id = owner AND id = job RETURNING user_id, file_id, state = 'failed'
            )
            UPDATE files SET
                processing_state = CASE WHEN failed THEN 'failed' ELSE 'pending' END,
                failure_code = CASE WHEN failed THEN \(failure.code) END,
                failure_reason = CASE WHEN failed THEN \(failure.description) END
            FROM released WHERE user_id = owner AND id = subject
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

    /// Puts a job back into the queue; nothing happens when the claim was lost.
    /// - Parameters:
    ///   - pause: how long it waits there, after a fault of the machine or of a provider; then the attempt counts. Without one it was
    ///     the service that ended, and the attempt does not.
    ///   - isInterrupted: whether its reader was killed.
    public func releaseJob(
        _ job: ClaimedJob, of instance: InstanceID, pause: Duration? = nil, isInterrupted: Bool = false
    ) async throws {
        guard try await lockFile(of: job) else { return }
        let seconds = pause.map { $0 / .seconds(1) }
        let released = try await connection.execute(
            """
            UPDATE jobs SET state = 'queued', claimed_by = NULL,
                attempts = CASE WHEN \(seconds)::float8 IS NULL THEN greatest(attempts - 1, 0) ELSE attempts END,
                interruptions = interruptions + \(isInterrupted ? 1 : 0)::integer,
                not_before = now() + make_interval(secs => coalesce(\(seconds)::float8, 0))
            WHERE \(Self.isHeld(job, by: instance))
            """)
        guard released > 0 else { return }
        try await connection.execute(
            "UPDATE files SET processing_state = 'pending' WHERE user_id = \(job.file.userID) AND id = \(job.file.id)")
    }

    /// Ends a job with the reason its file cannot be read; nothing happens when the claim was lost.
    public func failJob(_ job: ClaimedJob, of instance: InstanceID, _ failure: JobFailure) async throws {
        guard try await lockFile(of: job) else { return }
        let failed = try await connection.execute(
            """
            UPDATE jobs SET state = 'failed', claimed_by = NULL, finished_at = clock_timestamp(), failure_code = \(failure.code),
                failure_reason = \(failure.reason), failure_remedy = \(failure.remedy), failure_step = \(failure.step.rawValue)
            WHERE \(Self.isHeld(job, by: instance))
            """)
        guard failed > 0 else { return }
        try await connection.execute(
            """
            UPDATE files SET processing_state = 'failed', failure_code = \(failure.code), failure_reason = \(failure.description)
            WHERE user_id = \(job.file.userID) AND id = \(job.file.id)
            """)
    }

    /// Notes how far jobs are.
    /// - Returns: false when all their claims were lost: cancelled, or their session taken for dead.
    public func advanceJobs(_ progress: [JobProgress], of instance: InstanceID, to state: JobState) async throws -> Bool {
        // Progress that a crash forgets is made again.
        try await connection.execute("SET LOCAL synchronous_commit = off")
        return try await connection.execute(
            """
            UPDATE jobs j SET state = \(state.rawValue), chunks_total = p.chunks, chunks_embedded = p.embedded
            FROM unnest(\(progress.map(\.job.file.userID))::uuid[], \(progress.map(\.job.id))::uuid[],
                \(progress.map { Int32($0.chunks) })::integer[], \(progress.map { Int32($0.embedded) })::integer[])
                AS p (owner, job, chunks, embedded)
            WHERE j.user_id = p.owner AND j.id = p.job AND j.claimed_by = \(instance.rawValue)
            """) > 0
    }

    /// Whoever changes a file and its job locks the file first.
    /// - Returns: false when it is gone.
    func lockFile(of job: ClaimedJob) async throws -> Bool {
        try await !connection.query(
            "SELECT FROM files WHERE user_id = \(job.file.userID) AND id = \(job.file.id) FOR NO KEY UPDATE"
        ).isEmpty
    }

    /// The condition of a claim; newer bytes for the file end it.
    static func isHeld(_ job: ClaimedJob, by instance: InstanceID) -> SQL {
        "user_id = \(job.file.userID) AND id = \(job.id) AND claimed_by = \(instance.rawValue)"
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
