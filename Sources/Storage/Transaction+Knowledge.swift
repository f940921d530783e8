public import Domain
import Foundation
import Postgres

extension Transaction {
    /// This transaction's own token; nil when it has changed nothing.
    func writeToken() async throws -> WriteToken? {
        let row = try await connection.query("SELECT pg_current_xact_id_if_assigned()::text AS xid").first
        return try row?.decode("xid", as: String?.self).flatMap(UInt64.init).map(WriteToken.init)
    }
}

/// Where passages are looked for: an assistant's own, those attached to one conversation with it, and the shared ones.
public struct KnowledgeSource: Sendable {
    /// Whose the assistant is; nil: the scope's user's. Of another's, row-level security shows what that user shares.
    public var owner: UserID?
    public var assistant: AssistantID
    public var conversation: UUID?
    public var isShared: Bool

    public init(owner: UserID? = nil, assistant: AssistantID, conversation: UUID? = nil, isShared: Bool) {
        self.owner = owner
        self.assistant = assistant
        self.conversation = conversation
        self.isShared = isShared
    }

    /// Holds for the owner's passages `k` among them; what is attached to another conversation is not.
    var condition: SQL {
        "(k.secretary_id = \(assistant) AND (k.conversation_id IS NULL OR k.conversation_id = \(conversation)))"
    }
}

/// What processing a file yields, to be stored in one transaction with its passages.
public struct ProcessedFile: Sendable {
    public var mediaType: String
    /// A short name of the type (`md`, `txt`) for filters.
    public var sourceType: String
    public var title: String?
    public var embeddingModel: String
    public var chunkCount: Int

    public init(mediaType: String, sourceType: String, title: String?, embeddingModel: String, chunkCount: Int) {
        self.mediaType = mediaType
        self.sourceType = sourceType
        self.title = title
        self.embeddingModel = embeddingModel
        self.chunkCount = chunkCount
    }
}

extension Transaction {
    /// Replaces the passages of the files of jobs of one claim by those that were staged in this transaction (``stage(_:)``) and marks
    /// both done. A job whose claim was lost, whose file has newer bytes or whose conversation was archived meanwhile is left as it is.
    ///
    /// Rows travel by binary COPY into a temporary table (COPY into a table under row-level security is refused) and from there
    /// under the policies into `knowledge_base`.
    /// - Returns: the jobs that are done, and the token of their passages; nil when there are none.
    public func completeJobs(
        _ jobs: [(job: ClaimedJob, result: ProcessedFile)], of instance: InstanceID
    ) async throws -> (done: Set<JobID>, token: WriteToken)? {
        try await lockOwners(of: jobs.map(\.job.file))
        let held = try await held(jobs.map(\.job), of: instance)
        let results = jobs.enumerated().filter { held.contains($1.job.id) }.map { JobResult($1.job, $1.result, place: $0) }
        guard !results.isEmpty else { return nil }
        try await replacePassages(of: results)
        guard let token = try await endJobs(results) else { return nil }
        return (held, token)
    }

    /// Those whose claim stands and whose passages are wanted; their rows are locked then.
    private func held(_ jobs: [ClaimedJob], of instance: InstanceID) async throws -> Set<JobID> {
        let files = try await connection.query(
            """
            SELECT id FROM files
            WHERE user_id = current_user_id() AND id = ANY (\(jobs.map(\.file.id))) AND archived_conversation_id IS NULL
            ORDER BY id FOR NO KEY UPDATE
            """
        ).map { try $0.decode("id", as: FileID.self) }
        let held = try await connection.query(
            """
            SELECT id FROM jobs
            WHERE user_id = current_user_id() AND id = ANY (\(jobs.map(\.id))) AND file_id = ANY (\(files))
                AND claimed_by = \(instance.rawValue)
            ORDER BY id FOR NO KEY UPDATE
            """)
        return Set(try held.map { try $0.decode("id", as: JobID.self) })
    }

    /// Last in its transaction: who follows jobs by the time of their change looks back only some seconds.
    private func endJobs(_ results: [JobResult]) async throws -> WriteToken? {
        let ended = try await connection.query(
            """
            WITH result AS (
                SELECT * FROM jsonb_to_recordset(\(JSONB(results))) AS r (job uuid, file uuid, chunks integer, media_type text, title text)
            ), ended AS (
                UPDATE jobs SET state = 'done', claimed_by = NULL, finished_at = clock_timestamp(), chunks_total = chunks,
                    chunks_embedded = chunks
                FROM result WHERE user_id = current_user_id() AND id = job RETURNING result.*
            )
            UPDATE files SET processing_state = 'done', done_xid = pg_current_xact_id(), chunk_count = chunks, mime_type = media_type,
                metadata = (coalesce(metadata, '{}') - 'title') || jsonb_strip_nulls(jsonb_build_object('title', title))
            FROM ended WHERE user_id = current_user_id() AND id = file
            RETURNING pg_current_xact_id()::text AS xid
            """)
        return try ended.first.flatMap { UInt64(try $0.decode("xid", as: String.self)) }.map(WriteToken.init)
    }

    private func replacePassages(of results: [JobResult]) async throws {
        let owner = try scope.userID
        try await connection.execute(
            "DELETE FROM knowledge_base WHERE user_id = \(owner) AND file_id = ANY (\(results.map(\.file)))")
        try await connection.execute(
            """
            INSERT INTO knowledge_base (user_id, secretary_id, conversation_id, file_id, ordinal, content, context, embedding, embedding_model,
                content_sha256, token_count, heading_path, page_from, page_to, char_start, char_end, source_type, tags, metadata)
            SELECT f.user_id, f.assistant_id, f.conversation_id, f.id, ordinal, content, context, embedding, model, content_sha256,
                token_count, heading_path, page_from, page_to, char_start, char_end, type, f.tags, \(Self.passageMetadata)
            FROM jsonb_to_recordset(\(JSONB(results))) AS r (place integer, file uuid, type text, model text)
            JOIN files f ON f.user_id = \(owner) AND f.id = r.file
            JOIN pg_temp.knowledge_staging s ON s.file_id = r.file
            ORDER BY place, ordinal
            """)
    }

    /// Deletes a passage of the scope's user; the file it came from has one less from then on.
    /// - Throws: as ``delete(_:_:version:)``.
    public func deletePassage(_ id: UUID, version: String?) async throws {
        // In the order of imports and of sharing: conversation, assistant, file, passage.
        let user = try scope.userID
        try await connection.execute(
            """
            SELECT FROM conversations WHERE user_id = \(user) AND id = (
                SELECT conversation_id FROM knowledge_base WHERE user_id = \(user) AND id = \(id)) FOR KEY SHARE
            """)
        try await connection.execute(
            """
            SELECT FROM assistants WHERE user_id = \(user) AND id = (
                SELECT secretary_id FROM knowledge_base WHERE user_id = \(user) AND id = \(id)) FOR SHARE
            """)
        try await connection.execute(
            """
            UPDATE files f SET chunk_count = f.chunk_count - 1 FROM knowledge_base k
            WHERE k.user_id = \(user) AND k.id = \(id) AND f.user_id = k.user_id AND f.id = k.file_id AND f.processing_state = 'done'
            """)
        try await delete(.knowledge, id, version: version)
    }

    /// Locks the conversation and assistant of the files of one claim, which whoever archives, shares or deletes them locks before their
    /// files, too: in the other order the two would wait for each other.
    private func lockOwners(of files: [StoredFile]) async throws {
        guard let first = files.first else { return }
        try await connection.execute(
            """
            SELECT FROM conversations WHERE user_id = current_user_id() AND id = (
                SELECT conversation_id FROM files WHERE user_id = current_user_id() AND id = \(first.id)) FOR KEY SHARE
            """)
        guard let assistant = first.assistantID else { return }
        try await connection.execute("SELECT FROM assistants WHERE user_id = current_user_id() AND id = \(assistant) FOR SHARE")
    }

    /// Puts chunks into `pg_temp.knowledge_staging`, beside those staged before; the transaction's end empties it.
    /// - Parameter chunks: with the file each is of; nil for those of no file.
    public func stage(_ chunks: [(file: FileID?, chunk: KnowledgeDraft)]) async throws {
        // Made once a connection and emptied by each commit: a table per transaction would bloat the catalogue.
        let there = try await connection.query("SELECT to_regclass('pg_temp.knowledge_staging') IS NOT NULL AS there")
        if try there.first?.decode("there", as: Bool.self) != true {
            try await connection.execute(
                """
                CREATE TEMPORARY TABLE knowledge_staging (
                    file_id uuid, ordinal integer, content text, context text, embedding vector(1536), content_sha256 bytea,
                    token_count integer, heading_path text[], page_from integer, page_to integer, char_start integer, char_end integer
                ) ON COMMIT DELETE ROWS
                """)
        }
        _ = try await connection.copyIn(
            "knowledge_staging",
            columns: [
                "file_id", "ordinal", "content", "context", "embedding", "content_sha256", "token_count", "heading_path", "page_from",
                "page_to", "char_start", "char_end",
            ],
            rows: chunks
        ) { staged, row in
            let chunk = staged.chunk
            try row.append(staged.file)
            try row.append(Int32(chunk.ordinal))
            try row.append(chunk.content)
            try row.append(chunk.context)
            try row.append(PostgresVector(chunk.embedding))
            try row.append(chunk.contentSHA256.bytes)
            try row.append(Int32(chunk.tokenCount))
            try row.append(chunk.headingPath)
            try row.append(chunk.pageFrom.map(Int32.init))
            try row.append(chunk.pageTo.map(Int32.init))
            try row.append(Int32(chunk.charStart))
            try row.append(Int32(chunk.charEnd))
        }
    }

    /// The live rows behind some hits, in no particular order: those that still exist, that the scope may see, that belong to the
    /// assistant (or, if asked for, to the shared knowledge), and that the filter lets through.
    ///
    /// Each row is looked up by its primary key alone and checked afterwards: right after an import the statistics are stale, and a
    /// planner free to choose would read the whole assistant instead of k rows.
    public func passages(_ ids: [ChunkID], _ source: KnowledgeSource, _ filter: Filter? = nil) async throws -> [Passage] {
        let own = Self.passage(of: try source.owner ?? scope.userID)
        return try await connection.query(
            """
            SELECT \(Self.passageColumns)
            FROM unnest(\(ids)::uuid[]) AS hit (id)
            CROSS JOIN LATERAL (\(source.isShared ? "\(own) UNION ALL \(Self.passage(of: .system))" : own)) AS k
            LEFT JOIN LATERAL (SELECT * FROM files WHERE user_id = k.user_id AND id = k.file_id LIMIT 1) AS f ON true
            WHERE (k.user_id = \(UserID.system) OR \(source.condition)) AND \(try filter?.condition() ?? "true")
            """
        ).map(Passage.init)
    }

    private static let passageColumns: SQL = """
        k.id, k.secretary_id, k.file_id, f.file_name, k.ordinal, coalesce(f.metadata ->> 'title', k.metadata ->> 'title', k.source_url) AS title,
        k.content, k.heading_path, k.page_from, k.page_to, k.char_start, k.char_end, k.token_count, k.tags, k.source_type, k.created_at
        """

    /// The passages at some places of files, in no particular order: those that the scope may see and that belong to the source.
    public func passages(at places: [(file: FileID, ordinal: Int)], _ source: KnowledgeSource) async throws -> [Passage] {
        try await connection.query(
            """
            SELECT \(Self.passageColumns)
            FROM unnest(\(places.map(\.file))::uuid[], \(places.map { Int32($0.ordinal) })::integer[]) AS place (file_id, ordinal)
            JOIN knowledge_base k ON k.file_id = place.file_id AND k.ordinal = place.ordinal
            JOIN files f ON f.user_id = k.user_id AND f.id = k.file_id
            WHERE \(try belongs(to: source))
            """
        ).map(Passage.init)
    }

    /// The vectors of some passages of the source, by id; those without one are left out.
    public func vectors(of ids: [ChunkID], _ source: KnowledgeSource) async throws -> [ChunkID: [Float]] {
        let rows = try await connection.query(
            """
            SELECT k.id, k.embedding FROM knowledge_base k
            WHERE \(try belongs(to: source)) AND k.id = ANY (\(ids)) AND k.embedding IS NOT NULL
            """)
        return Dictionary(
            try rows.map { (try $0.decode("id", as: ChunkID.self), try $0.decode("embedding", as: PostgresVector.self).values) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The passages nearest to a vector by cosine, found by the database itself: exact, and slow where there are many. Vectors of another model
    /// than this one's are not compared with it.
    /// - Returns: the k best, the best first, and how many there were to choose from.
    public func nearestPassages(
        to vector: [Float], of model: String, k: Int, _ source: KnowledgeSource, _ filter: Filter? = nil
    ) async throws -> (hits: [(id: ChunkID, score: Float)], matched: Int) {
        let rows = try await connection.query(
            """
            SELECT id, (1 - distance)::real AS score, count(*) OVER () AS matched FROM (
                SELECT k.id, k.embedding <=> \(PostgresVector(vector)) AS distance
                FROM knowledge_base k LEFT JOIN files f ON f.user_id = k.user_id AND f.id = k.file_id
                WHERE \(try belongs(to: source)) AND k.embedding IS NOT NULL
                    AND (k.embedding_model IS NULL OR k.embedding_model = \(model)) AND \(try filter?.condition() ?? "true")
            ) AS scored
            WHERE distance <> 'NaN' ORDER BY distance, id LIMIT \(Int64(k))
            """)
        let hits = try rows.map { (try $0.decode("id", as: ChunkID.self), try $0.decode("score", as: Float.self)) }
        return (hits, Int(try rows.first?.decode("matched", as: Int64.self) ?? 0))
    }

    private func belongs(to source: KnowledgeSource) throws -> SQL {
        let own: SQL = "(k.user_id = \(try source.owner ?? scope.userID) AND \(source.condition))"
        return source.isShared ? "(\(own) OR k.user_id = \(UserID.system))" : own
    }

    /// LIMIT keeps the conditions outside from reaching in, where they would offer the planner other indexes.
    private static func passage(of owner: UserID) -> SQL {
        "(SELECT * FROM knowledge_base WHERE user_id = \(owner) AND id = hit.id LIMIT 1)"
    }

    /// The ids a filter lets through, for the index to search among.
    public func matchingChunks(_ filter: Filter, _ source: KnowledgeSource) async throws -> Set<ChunkID> {
        let rows = try await connection.query(
            """
            SELECT k.id FROM knowledge_base k LEFT JOIN files f ON f.user_id = k.user_id AND f.id = k.file_id
            WHERE \(try belongs(to: source)) AND \(try filter.condition())
            """)
        return Set(try rows.map { try $0.decode("id", as: ChunkID.self) })
    }

    /// The files that go by each of the texts, as id, name or path, of the source's owner and the shared ones; by the texts' UTF-8.
    public func files(called texts: [String], _ source: KnowledgeSource) async throws -> [[UInt8]: [FileID]] {
        guard !texts.isEmpty else { return [:] }
        let rows = try await connection.query(
            """
            SELECT DISTINCT name.called, f.id FROM unnest(\(texts)::text[]) AS name (called)
            JOIN files f ON f.id::text = lower(name.called) OR f.file_name = name.called OR f.source_path = name.called
            WHERE f.user_id IN (\(try source.owner ?? scope.userID), \(UserID.system))
            """)
        return try Dictionary(grouping: rows) { Array(try $0.decode("called", as: String.self).utf8) }
            .mapValues { try $0.map { try $0.decode("id", as: FileID.self) } }
    }
}

/// What the statements that end jobs read of each.
private struct JobResult: Codable, Sendable {
    /// Among the jobs ended together.
    let place: Int
    let job: JobID
    let file: FileID
    let chunks: Int
    let media_type: String
    let type: String
    let model: String
    let title: String?

    init(_ job: ClaimedJob, _ result: ProcessedFile, place: Int) {
        self.place = place
        self.job = job.id
        file = job.file.id
        chunks = result.chunkCount
        media_type = result.mediaType
        type = result.sourceType
        model = result.embeddingModel
        title = result.title
    }
}

extension Passage {
    fileprivate init(_ row: PostgresRow) throws {
        self.init(
            id: try row.decode("id", as: ChunkID.self),
            assistantID: try row.decode("secretary_id", as: AssistantID?.self),
            fileID: try row.decode("file_id", as: FileID?.self),
            fileName: try row.decode("file_name", as: String?.self),
            ordinal: try row.decode("ordinal", as: Int32?.self).map(Int.init),
            title: try row.decode("title", as: String?.self),
            content: try row.decode("content", as: String.self),
            headingPath: try row.decode("heading_path", as: [String].self),
            pageFrom: try row.decode("page_from", as: Int32?.self).map(Int.init),
            pageTo: try row.decode("page_to", as: Int32?.self).map(Int.init),
            charStart: try row.decode("char_start", as: Int32?.self).map(Int.init),
            charEnd: try row.decode("char_end", as: Int32?.self).map(Int.init),
            tokenCount: Int(try row.decode("token_count", as: Int32.self)),
            tags: try row.decode("tags", as: [String].self),
            sourceType: try row.decode("source_type", as: String?.self),
            createdAt: try row.decode("created_at", as: Date.self))
    }
}
