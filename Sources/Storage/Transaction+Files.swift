public import Domain
import Foundation
import Postgres

/// A file as it arrives, before it has an id.
public struct FileDraft: Sendable {
    public var name: String
    public var sourcePath: String
    public var byteCount: Int
    public var sha256: ContentDigest
    public var tags: [String]
    /// The conversation it is attached to: then it is searchable there and nowhere else.
    public var conversationID: UUID?

    public init(
        name: String, sourcePath: String, byteCount: Int, sha256: ContentDigest, tags: [String], conversationID: UUID? = nil
    ) {
        self.name = name
        self.sourcePath = sourcePath
        self.byteCount = byteCount
        self.sha256 = sha256
        self.tags = tags
        self.conversationID = conversationID
    }
}

/// An upload that was taken in.
public struct AcceptedFile: Sendable {
    public let file: StoredFile
    public let outcome: FileOutcome
    /// The work on it; for an unchanged file, work that goes on or that failed.
    public let job: JobID
}

/// What an upload did.
public enum FileOutcome: String, Sendable {
    case created
    case replaced
    /// The same bytes and tags stand under this path already; nothing was done.
    case unchanged
}

extension Transaction {
    static let fileColumns: SQL = """
        id, user_id, assistant_id, coalesce(conversation_id, archived_conversation_id) AS attached_to, file_name, source_path, mime_type, file_size, sha256, tags, metadata, processing_state,
        failure_code, failure_reason, chunk_count, created_at, updated_at, xmin::text AS version, done_xid::text AS done_by
        """

    /// Records a file of the assistant under its source path: a new row, or the changed bytes of the one that stands there, in
    /// state `pending`. The old passages stay until the new ones replace them.
    ///
    /// - Parameters:
    ///   - assistant: nil for a file whose passages all share, which the system user has.
    ///   - retryFailed: take identical bytes that failed before as changed. Where the stored ones were at fault, they always are.
    ///   - batch: what the importer calls all uploads of one run.
    public func putFile(
        _ draft: FileDraft, assistant: AssistantID?, retryFailed: Bool, batch: String? = nil
    ) async throws -> AcceptedFile {
        let owner = try scope.userID
        guard (assistant == nil) == (owner == .system) else {
            throw Problem(.internalFault, code: "file_without_assistant", "Only the system user has files without an assistant.")
        }
        let job = JobID()
        // The job of a new file comes with it: another statement would be as much work again.
        let rows = try await connection.query(
            """
            WITH put AS (
                INSERT INTO files AS f (user_id, assistant_id, conversation_id, file_name, source_path, file_type, file_size, sha256,
                    storage_path, tags)
                VALUES (\(owner), \(assistant), \(draft.conversationID), \(draft.name), \(draft.sourcePath), \(draft.fileType),
                    \(draft.byteCount), \(draft.sha256.bytes), \(ContentStore.path(of: draft.sha256)), \(draft.tags))
                ON CONFLICT (user_id, assistant_id, conversation_id, archived_conversation_id, source_path) DO UPDATE SET
                    file_name = excluded.file_name, file_type = excluded.file_type, file_size = excluded.file_size,
                    sha256 = excluded.sha256, storage_path = excluded.storage_path, tags = excluded.tags,
                    processing_state = 'pending', failure_code = NULL, failure_reason = NULL
                WHERE f.sha256 <> excluded.sha256 OR f.tags <> excluded.tags
                    OR (f.processing_state = 'failed' AND (\(retryFailed) OR f.failure_code = ANY (\(ContentStore.faultCodes))))
                RETURNING \(Self.fileColumns), (xmax = 0) AS created
            ), queued AS (
                INSERT INTO jobs (id, user_id, assistant_id, file_id, batch)
                SELECT \(job), user_id, assistant_id, id, \(batch) FROM put WHERE created
            )
            SELECT * FROM put
            """)
        if let row = rows.first {
            let file = try StoredFile(row)
            let isNew = try row.decode("created", as: Bool.self)
            return AcceptedFile(
                file: file, outcome: isNew ? .created : .replaced, job: isNew ? job : try await queueJob(forChanged: file, batch: batch))
        }
        let standing = try await connection.query(
            """
            SELECT \(Self.fileColumns) FROM files
            WHERE user_id = current_user_id() AND assistant_id IS NOT DISTINCT FROM \(assistant) AND archived_conversation_id IS NULL
                AND conversation_id IS NOT DISTINCT FROM \(draft.conversationID) AND source_path = \(draft.sourcePath)
            """)
        guard let row = standing.first else { throw Problem.notFound("file", draft.sourcePath) }
        let file = try StoredFile(row)
        return AcceptedFile(file: file, outcome: .unchanged, job: try await unchangedJob(for: file, batch: batch))
    }

    /// The assistant a conversation is held with, whose files an attachment is counted among.
    /// - Throws: `not_found` for a conversation that is not the scope's, `conflict` for one with a persona alone.
    public func assistant(ofConversation id: UUID) async throws -> AssistantID {
        let rows = try await connection.query(
            "SELECT assistant_id FROM conversations WHERE user_id = \(try scope.userID) AND id = \(id)")
        guard let row = rows.first else { throw Resource.conversation.notFound(id) }
        guard let assistant = try row.decode("assistant_id", as: AssistantID?.self) else {
            throw Problem(
                .conflict, code: "conversation_without_assistant", "The conversation is held with a persona, which has no files.",
                remedy: "Begin a conversation with an assistant to attach files.", parameter: "conversation")
        }
        guard scope.admits(assistant) else { throw Resource.conversation.notFound(id) }
        return assistant
    }

    /// The file with this id, the user's own or a shared one, or `not_found`.
    public func file(_ id: FileID) async throws -> StoredFile {
        let rows = try await connection.query(
            "SELECT \(Self.fileColumns) FROM files WHERE user_id IN (\(try scope.userID), \(UserID.system)) AND id = \(id)")
        guard let file = try rows.first.map(StoredFile.init), file.assistantID.map(scope.admits) ?? (scope.assistants == nil) else {
            throw Problem.notFound("file", id.description)
        }
        return file
    }

    /// The user's files, newest first, of one assistant or of all the scope admits; or those that are shared.
    /// - Parameter conversation: those attached to it alone, whether it is open or archived; `not_found` for one that is not the scope's.
    public func files(
        assistant: AssistantID? = nil, conversation: UUID? = nil, shared: Bool = false, state: ProcessingState? = nil, limit: Int,
        after: FileID? = nil
    ) async throws -> [StoredFile] {
        if let conversation { try await requireConversation(conversation) }
        let owner = shared ? UserID.system : try scope.userID
        let bound = scope.assistants.map(Array.init)
        if let after { try await requireAnchor(after, in: "files WHERE user_id = \(owner) AND id = \(after)") }
        return try await connection.query(
            """
            SELECT \(Self.fileColumns) FROM files
            WHERE user_id = \(owner)
                AND (\(assistant)::uuid IS NULL OR assistant_id = \(assistant))
                AND (\(bound)::uuid[] IS NULL OR assistant_id = ANY (\(bound)))
                AND (\(conversation)::uuid IS NULL OR conversation_id = \(conversation) OR archived_conversation_id = \(conversation))
                AND (\(state?.rawValue)::text IS NULL OR processing_state = \(state?.rawValue))
                AND (\(after)::uuid IS NULL
                    OR (created_at, id) < (SELECT created_at, id FROM files WHERE user_id = \(owner) AND id = \(after)))
            ORDER BY created_at DESC, id DESC LIMIT \(limit)
            """
        ).map(StoredFile.init)
    }

    private func requireConversation(_ id: UUID) async throws {
        do {
            _ = try await get(.conversation, id)
        } catch let problem as Problem where problem.kind == .notFound {
            // An archived one is in another table; of one that is in neither, the first table's answer is told.
            do {
                _ = try await get(.archivedConversation, id)
            } catch let second as Problem where second.kind == .notFound {
                throw problem
            }
        }
    }

    /// Changes a file's name, tags or metadata; its passages carry the same tags and metadata from then on.
    ///
    /// The `title` in the metadata stays unless it is given, and follows the document when that is read anew.
    /// - Throws: as ``update(_:_:_:version:)``.
    public func updateFile(_ id: FileID, _ members: [String: JSONValue], version: String?) async throws -> StoredFile {
        let standing = try await file(id)
        var members = members
        if case .object(var given)? = members["metadata"], case .object(let old) = standing.metadata, given["title"] == nil {
            given["title"] = old["title"]
            members["metadata"] = .object(given)
        }
        var fixed: [(column: String, value: SQL)] = []
        if case .string(let name)? = members["filename"] { fixed.append(("file_type", "\(FileDraft.type(of: name))")) }
        _ = try await update(.file, id.rawValue, members, version: version, fixed: fixed)
        let (hasTags, hasMetadata) = (members["tags"] != nil, members["metadata"] != nil)
        if hasTags || hasMetadata {
            try await connection.execute(
                """
                UPDATE knowledge_base k SET tags = CASE WHEN \(hasTags) THEN f.tags ELSE k.tags END,
                    metadata = CASE WHEN \(hasMetadata) THEN \(Self.passageMetadata) ELSE k.metadata END
                FROM files f WHERE f.user_id = \(try scope.userID) AND f.id = \(id) AND k.user_id = f.user_id AND k.file_id = f.id
                """)
        }
        return try await file(id)
    }

    /// What the passages of the file `f` say of it by themselves: the title is the file's alone.
    static let passageMetadata: SQL = "NULLIF(f.metadata - 'title', '{}')"

    /// Deletes a file with its passages; its bytes are released when nothing else refers to them.
    public func deleteFile(_ id: FileID, version: String? = nil) async throws {
        try await delete(.file, id.rawValue, version: version)
    }
}

extension FileDraft {
    /// The name's extension in lower case, for display and filters; the content decides how a file is read.
    public var fileType: String? { Self.type(of: name) }

    /// As ``fileType``, of a name alone.
    public static func type(of name: String) -> String? {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        let suffix = name[name.index(after: dot)...].lowercased()
        return suffix.isEmpty || suffix.count > 100 ? nil : suffix
    }
}

extension StoredFile {
    init(_ row: PostgresRow) throws {
        let digest = ContentDigest(bytes: try row.decode("sha256", as: [UInt8].self))
        let state = ProcessingState(rawValue: try row.decode("processing_state", as: String.self))
        guard let digest, let state else {
            throw Problem(.internalFault, code: "file_row_unreadable", "A row of files breaks its own constraints.")
        }
        self.init(
            id: try row.decode("id", as: FileID.self),
            userID: try row.decode("user_id", as: UserID.self),
            assistantID: try row.decode("assistant_id", as: AssistantID?.self),
            conversationID: try row.decode("attached_to", as: UUID?.self),
            name: try row.decode("file_name", as: String.self),
            sourcePath: try row.decode("source_path", as: String.self),
            mediaType: try row.decode("mime_type", as: String?.self),
            byteCount: try row.decode("file_size", as: Int.self),
            sha256: digest,
            tags: try row.decode("tags", as: [String].self),
            metadata: try row.decode("metadata", as: JSONB<JSONValue>?.self)?.value ?? .object([:]),
            state: state,
            failureCode: try row.decode("failure_code", as: String?.self),
            failureReason: try row.decode("failure_reason", as: String?.self),
            chunkCount: Int(try row.decode("chunk_count", as: Int32.self)),
            createdAt: try row.decode("created_at", as: Date.self),
            updatedAt: try row.decode("updated_at", as: Date.self),
            version: try row.decode("version", as: String.self),
            doneBy: try row.decode("done_by", as: String?.self).flatMap(UInt64.init).map(WriteToken.init))
    }
}
