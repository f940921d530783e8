public import Domain
public import Foundation
import Postgres

extension Transaction {
    /// Puts a file that has changed into the queue; what was under way for its older bytes is over.
    func queueJob(forChanged file: StoredFile, batch: String?) async throws -> JobID {
        try await connection.execute(
            """
            UPDATE jobs SET state = 'cancelled', claimed_by = NULL, finished_at = clock_timestamp()
            WHERE user_id = \(file.userID) AND file_id = \(file.id) AND finished_at IS NULL
            """)
        return try await addJob(for: file, state: .queued, batch: batch)
    }

    /// The job that says where an unchanged file stands: the one that works on it or failed, else a new one that is over.
    func unchangedJob(for file: StoredFile, batch: String?) async throws -> JobID {
        let last = try await connection.query(
            """
            SELECT id FROM (
                SELECT id, state FROM jobs WHERE user_id = \(file.userID) AND file_id = \(file.id) ORDER BY created_at DESC LIMIT 1) AS last
            WHERE state NOT IN ('done', 'unchanged', 'cancelled')
            """)
        if let row = last.first { return try row.decode("id", as: JobID.self) }
        return try await addJob(for: file, state: .unchanged, batch: batch)
    }

    private func addJob(for file: StoredFile, state: JobState, batch: String?) async throws -> JobID {
        let id = JobID()
        try await connection.execute(
            """
            INSERT INTO jobs (id, user_id, assistant_id, file_id, batch, state, finished_at, chunks_total, chunks_embedded)
            VALUES (\(id), \(file.userID), \(file.assistantID), \(file.id), \(batch), \(state.rawValue),
                CASE WHEN \(state.isOver) THEN clock_timestamp() END, \(state.isOver ? Int32(file.chunkCount) : nil),
                \(state.isOver ? Int32(file.chunkCount) : 0))
            """)
        return id
    }

    private static let jobColumns: SQL = """
        j.id, j.user_id, j.assistant_id, j.file_id, f.file_name, f.source_path, j.batch, j.state, j.attempts, j.chunks_total,
        j.chunks_embedded, j.failure_code, j.failure_reason, j.failure_remedy, j.failure_step, j.created_at, j.started_at, j.finished_at,
        j.updated_at, CASE WHEN j.state = 'done' THEN f.done_xid::text END AS done_by
        """

    /// The jobs of the scope's user, or of the shared files, that the scope admits.
    private func reachableJobs(shared: Bool = false) throws -> SQL {
        let bound = scope.assistants.map(Array.init)
        return """
            j.user_id = \(shared ? UserID.system : try scope.userID)
                AND (\(bound)::uuid[] IS NULL OR j.assistant_id = ANY (\(bound)))
            """
    }

    /// The job with this id, of the user's own or a shared file, or `not_found`.
    public func job(_ id: JobID) async throws -> ImportJob {
        for shared in [false, true] {
            let rows = try await connection.query(
                """
                SELECT \(Self.jobColumns) FROM jobs j JOIN files f ON f.user_id = j.user_id AND f.id = j.file_id
                WHERE \(try reachableJobs(shared: shared)) AND j.id = \(id)
                """)
            if let row = rows.first { return try ImportJob(row) }
        }
        throw Problem.notFound("job", id.description)
    }

    /// The user's jobs, or those of shared files, newest first.
    public func jobs(
        assistant: AssistantID? = nil, shared: Bool = false, batch: String? = nil, state: JobState? = nil, limit: Int, after: JobID? = nil
    ) async throws -> [ImportJob] {
        let reachable = try reachableJobs(shared: shared)
        let owner = shared ? UserID.system : try scope.userID
        if let after { try await requireAnchor(after, in: "jobs j WHERE \(reachable) AND j.id = \(after)") }
        return try await connection.query(
            """
            SELECT \(Self.jobColumns) FROM jobs j JOIN files f ON f.user_id = j.user_id AND f.id = j.file_id
            WHERE \(reachable)
                AND (\(assistant)::uuid IS NULL OR j.assistant_id = \(assistant))
                AND (\(batch)::text IS NULL OR j.batch = \(batch))
                AND (\(state?.rawValue)::text IS NULL OR j.state = \(state?.rawValue))
                AND (\(after)::uuid IS NULL
                    OR (j.created_at, j.id) < (SELECT created_at, id FROM jobs WHERE user_id = \(owner) AND id = \(after)))
            ORDER BY j.created_at DESC, j.id DESC LIMIT \(limit)
            """
        ).map(ImportJob.init)
    }

    /// The jobs that have changed since some time, the earliest change first.
    public func changedJobs(since: Date, shared: Bool = false, batch: String? = nil, limit: Int) async throws -> [ImportJob] {
        try await connection.query(
            """
            SELECT \(Self.jobColumns) FROM jobs j JOIN files f ON f.user_id = j.user_id AND f.id = j.file_id
            WHERE \(try reachableJobs(shared: shared)) AND j.updated_at > \(since) AND (\(batch)::text IS NULL OR j.batch = \(batch))
            ORDER BY j.updated_at LIMIT \(limit)
            """
        ).map(ImportJob.init)
    }

    /// How many jobs wait, of all whose rows the scope sees; counting ends at a limit.
    public func countQueue(upTo limit: Int) async throws -> Int {
        let rows = try await connection.query(
            "SELECT count(*) AS waiting FROM (SELECT FROM jobs WHERE state = 'queued' LIMIT \(limit)) AS queue")
        return Int(try rows.first?.decode("waiting", as: Int64.self) ?? 0)
    }

    /// Takes a job back that is not over; its file counts as failed with the code `cancelled`, unless there are passages of older bytes.
    /// - Throws: `not_found`; `conflict` for a job that is over.
    public func cancelJob(_ id: JobID) async throws -> ImportJob {
        let job = try await job(id)
        try await connection.execute("SELECT FROM files WHERE user_id = \(job.userID) AND id = \(job.fileID) FOR NO KEY UPDATE")
        let cancelled = try await connection.execute(
            """
            UPDATE jobs SET state = 'cancelled', claimed_by = NULL, finished_at = clock_timestamp()
            WHERE user_id = \(job.userID) AND id = \(id) AND finished_at IS NULL
            """)
        guard cancelled > 0 else {
            throw Problem(
                .conflict, code: "job_over", "The job is over: it is \(job.state.rawValue).",
                remedy: "Delete the file to take its passages away.")
        }
        try await connection.execute(
            """
            UPDATE files SET processing_state = 'failed', failure_code = 'cancelled', failure_reason = \(Self.cancelled)
            WHERE user_id = \(job.userID) AND id = \(job.fileID)
            """)
        return try await self.job(id)
    }

    private static let cancelled = "The import was cancelled. Import the file again with --retry-failed."

    /// Removes jobs that have been over for a time; returns how many. Each file keeps its last one.
    public func clearJobs(olderThanDays days: Int) async throws -> Int {
        try await connection.execute(
            """
            DELETE FROM jobs j WHERE j.finished_at < now() - make_interval(days => \(Int32(days))) AND EXISTS (
                SELECT FROM jobs newer
                WHERE newer.user_id = j.user_id AND newer.file_id = j.file_id AND newer.created_at > j.created_at)
            """)
    }
}

extension ImportJob {
    fileprivate init(_ row: PostgresRow) throws {
        guard let state = JobState(rawValue: try row.decode("state", as: String.self)) else {
            throw Problem(.internalFault, code: "job_row_unreadable", "A row of jobs breaks its own constraints.")
        }
        self.init(
            id: try row.decode("id", as: JobID.self),
            userID: try row.decode("user_id", as: UserID.self),
            assistantID: try row.decode("assistant_id", as: AssistantID?.self),
            fileID: try row.decode("file_id", as: FileID.self),
            fileName: try row.decode("file_name", as: String.self),
            sourcePath: try row.decode("source_path", as: String.self),
            batch: try row.decode("batch", as: String?.self),
            state: state,
            attempts: Int(try row.decode("attempts", as: Int32.self)),
            chunkTotal: try row.decode("chunks_total", as: Int32?.self).map(Int.init),
            chunksEmbedded: Int(try row.decode("chunks_embedded", as: Int32.self)),
            failure: try JobFailure(row),
            createdAt: try row.decode("created_at", as: Date.self),
            startedAt: try row.decode("started_at", as: Date?.self),
            finishedAt: try row.decode("finished_at", as: Date?.self),
            updatedAt: try row.decode("updated_at", as: Date.self),
            doneBy: try row.decode("done_by", as: String?.self).flatMap(UInt64.init).map(WriteToken.init))
    }
}

extension JobFailure {
    /// Nil for a job that has not failed.
    fileprivate init?(_ row: PostgresRow) throws {
        guard let code = try row.decode("failure_code", as: String?.self), let reason = try row.decode("failure_reason", as: String?.self)
        else { return nil }
        let step = try row.decode("failure_step", as: String?.self).flatMap(JobState.init)
        self.init(code: code, reason: reason, remedy: try row.decode("failure_remedy", as: String?.self), step: step ?? .extracting)
    }
}
