public import Domain
public import Foundation
import Postgres

/// A resumable upload before it has an id.
public struct UploadDraft: Sendable {
    public var name: String
    public var sourcePath: String
    public var byteCount: Int
    public var sha256: ContentDigest?
    public var tags: [String]
    public var conversationID: UUID?
    public var retryFailed: Bool
    public var batch: String?

    public init(
        name: String, sourcePath: String, byteCount: Int, sha256: ContentDigest?, tags: [String], conversationID: UUID?,
        retryFailed: Bool, batch: String?
    ) {
        self.name = name
        self.sourcePath = sourcePath
        self.byteCount = byteCount
        self.sha256 = sha256
        self.tags = tags
        self.conversationID = conversationID
        self.retryFailed = retryFailed
        self.batch = batch
    }
}

extension Transaction {
    /// Most uploads of a user that are neither complete nor expired.
    public static let maximumOpenUploads = 100

    private static let uploadColumns: SQL = """
        id, assistant_id, conversation_id, file_name, source_path, byte_count, received, turn, sha256, tags, retry_failed, batch,
        expires_at
        """
    /// One that has expired is gone, though its row may wait for the clean-up.
    private static let isAlive: SQL = "expires_at > now()"

    /// Begins an upload for an assistant, or for all to share when there is none.
    /// - Throws: `too_many_requests` when the user has as many open as one may.
    public func createUpload(_ draft: UploadDraft, assistant: AssistantID?) async throws -> ResumableUpload {
        let user = try scope.userID
        // Those who begin at once count one after another.
        _ = try await connection.query("SELECT pg_advisory_xact_lock(hashtextextended('bunko.uploads ' || \(user)::text, 0))")
        let rows = try await connection.query(
            """
            INSERT INTO uploads (user_id, assistant_id, conversation_id, is_shared, file_name, source_path, byte_count, sha256, tags,
                retry_failed, batch)
            SELECT \(user), \(assistant), \(draft.conversationID), \(assistant == nil), \(draft.name), \(draft.sourcePath),
                \(draft.byteCount), \(draft.sha256?.bytes), \(draft.tags), \(draft.retryFailed), \(draft.batch)
            WHERE (SELECT count(*) FROM uploads WHERE user_id = \(user) AND answer_status IS NULL AND \(Self.isAlive))
                < \(Int64(Self.maximumOpenUploads))
            RETURNING \(Self.uploadColumns)
            """)
        guard let row = rows.first else {
            throw Problem(
                .tooManyRequests, code: "too_many_uploads", "You have \(Self.maximumOpenUploads) uploads open already.",
                remedy: "Complete or delete some of them; each ends by itself a day after its last piece.")
        }
        return try ResumableUpload(row)
    }

    /// The user's upload with this id, or `not_found`; also when it has expired, or is for an assistant the scope is not bound to.
    public func upload(_ id: UploadID) async throws -> ResumableUpload {
        let rows = try await connection.query(
            "SELECT \(Self.uploadColumns) FROM uploads WHERE user_id = \(try scope.userID) AND id = \(id) AND \(Self.isAlive)")
        guard let upload = try rows.first.map(ResumableUpload.init),
            upload.assistantID.map(scope.admits) ?? (scope.assistants == nil)
        else { throw Problem.notFound("upload", id.description) }
        return upload
    }

    /// Takes an upload over for one request; those before it go on no more.
    /// - Throws: `upload_complete`, `not_found`.
    public func takeTurn(upload id: UploadID) async throws -> ResumableUpload {
        let standing = try await upload(id)
        let rows = try await connection.query(
            """
            UPDATE uploads SET turn = turn + 1 WHERE user_id = \(try scope.userID) AND id = \(standing.id) AND answer_status IS NULL
            RETURNING \(Self.uploadColumns)
            """)
        guard let row = rows.first else { throw Problem.uploadComplete }
        return try ResumableUpload(row)
    }

    /// Records that an upload's bytes are durable up to an offset, and gives it another day.
    /// - Throws: `upload_superseded` unless it is still this request's turn.
    public func move(_ upload: ResumableUpload, to offset: Int) async throws -> ResumableUpload {
        let rows = try await connection.query(
            """
            UPDATE uploads SET received = \(offset), expires_at = now() + interval '24 hours'
            WHERE user_id = \(try scope.userID) AND id = \(upload.id) AND turn = \(Int32(upload.turn)) AND answer_status IS NULL
            RETURNING \(Self.uploadColumns)
            """)
        guard let row = rows.first else { throw Problem.uploadSuperseded }
        return try ResumableUpload(row)
    }

    /// What the upload's completion was answered; nil while it is open.
    public func answer(toUpload id: UploadID) async throws -> KeptAnswer? {
        let rows = try await connection.query(
            """
            SELECT answer_status AS status, answer_version AS version, answer_body AS body, answer_xid::text AS write FROM uploads
            WHERE user_id = \(try scope.userID) AND id = \(id) AND answer_status IS NOT NULL
            """)
        return try rows.first.map { try KeptAnswer($0, status: Int(try $0.decode("status", as: Int32.self))) }
    }

    /// Ends an upload with the answer to its completion, in the transaction that made the file of it.
    /// - Parameter sender: whose upload it is, when the file is another's.
    /// - Throws: `upload_complete` when another request has completed it, or nobody can any more.
    public func complete(upload id: UploadID, _ answer: KeptAnswer, of sender: Scope) async throws {
        let user = try sender.userID
        let count = try await acting(for: sender) {
            try await connection.execute(
                """
                UPDATE uploads SET answer_status = \(Int32(answer.status)), answer_version = \(answer.version),
                    answer_body = \(answer.body), answer_xid = pg_current_xact_id()
                WHERE user_id = \(user) AND id = \(id) AND answer_status IS NULL
                """)
        }
        guard count > 0 else { throw Problem.uploadComplete }
    }

    /// Forgets an upload, complete or not; its bytes are to be removed after the commit.
    public func deleteUpload(_ id: UploadID) async throws {
        _ = try await upload(id)
        try await connection.execute("DELETE FROM uploads WHERE user_id = \(try scope.userID) AND id = \(id)")
    }
}

extension Problem {
    /// By which a completion knows that there is an answer to it already.
    public static let uploadCompleteCode = "upload_complete"

    fileprivate static var uploadComplete: Problem {
        Problem(
            .conflict, code: uploadCompleteCode, "This upload is complete already.", remedy: "Begin a new one for other bytes.")
    }
}

extension ResumableUpload {
    init(_ row: PostgresRow) throws {
        self.init(
            id: try row.decode("id", as: UploadID.self),
            name: try row.decode("file_name", as: String.self),
            sourcePath: try row.decode("source_path", as: String.self),
            byteCount: try row.decode("byte_count", as: Int.self),
            offset: try row.decode("received", as: Int.self),
            turn: Int(try row.decode("turn", as: Int32.self)),
            sha256: try row.decode("sha256", as: [UInt8]?.self).flatMap(ContentDigest.init(bytes:)),
            assistantID: try row.decode("assistant_id", as: AssistantID?.self),
            conversationID: try row.decode("conversation_id", as: UUID?.self),
            tags: try row.decode("tags", as: [String].self),
            retryFailed: try row.decode("retry_failed", as: Bool.self),
            batch: try row.decode("batch", as: String?.self),
            expiresAt: try row.decode("expires_at", as: Date.self))
    }
}
