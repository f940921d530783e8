public import Domain
public import Storage

/// Takes in files that come in several requests, so that a large one is not sent anew when a connection breaks.
///
/// Each piece is durable before it is acknowledged; a crash loses at most the one under way. When all have come, the file is taken in like
/// any other.
public struct ResumableIntake: Sendable {
    /// Most bytes of one piece.
    public static let maximumPiece = 64 << 20

    private let database: Database
    private let contents: ContentStore

    public init(database: Database, contents: ContentStore) {
        self.database = database
        self.contents = contents
    }

    /// Begins an upload for an assistant, or for all to share when there is none.
    /// - Throws: as ``FileIntake/accept(_:into:scope:)``, before a byte has come; `too_many_requests`.
    public func begin(_ draft: UploadDraft, for assistant: AssistantID?, scope: Scope) async throws -> ResumableUpload {
        try scope.require(.ingest)
        try Upload.check(name: draft.name, sourcePath: draft.sourcePath, tags: draft.tags, batch: draft.batch)
        return try await database.write(scope) { transaction in
            let limits = try await FileIntake.limits(in: transaction)
            try limits.checkSize(draft.byteCount, of: draft.name)
            try limits.checkType(of: draft.name)
            return try await transaction.createUpload(draft, assistant: assistant)
        }
    }

    /// Takes a piece at an offset; it is durable when this returns.
    /// - Parameters:
    ///   - announced: the piece's size, if it is known before.
    ///   - body: hands the bytes to the file.
    /// - Throws: `offset_mismatch` with the right offset, `too_large` for a piece over the limit or over the size of the whole,
    ///   `upload_complete`, `upload_superseded` when another request has taken the upload over, and what the body throws; then the upload
    ///   is where it was.
    public func append(
        to id: UploadID, at offset: Int, announced: Int?, scope: Scope, _ body: (UploadFile) async throws -> Void
    ) async throws -> ResumableUpload {
        try scope.require(.ingest)
        return try await withBytes(of: id, scope) { upload, file in
            guard offset == upload.offset else { throw Problem.offsetMismatch(upload) }
            let room = min(Self.maximumPiece, upload.byteCount - offset)
            let refusal = Problem.pieceTooLarge(upload, room: room)
            if let announced, announced > room { throw refusal }
            try await file.goOn(at: offset, atMost: room, refusal: refusal)
            try await body(file)
            let end = try await file.sync()
            return try await database.write(scope) { try await $0.move(upload, to: end) }
        }
    }

    /// Lends the whole of an upload as what a file is made of; the body's transaction completes the upload, or leaves it open.
    /// - Throws: `upload_incomplete`, `digest_mismatch`, `upload_complete`, and what the body throws.
    public func complete<R>(_ id: UploadID, scope: Scope, _ body: (ResumableUpload, Upload) async throws -> R) async throws -> R {
        try scope.require(.ingest)
        return try await withBytes(of: id, scope) { upload, file in
            guard upload.offset == upload.byteCount else { throw Problem.incomplete(upload) }
            let content = try await file.content()
            if let expected = upload.sha256, expected != content.digest { throw Problem.digestMismatch(upload, found: content.digest) }
            return try await body(upload, Upload(upload, content))
        }
    }

    /// Removes the bytes of an upload that is complete or deleted. What a crash leaves over the sweep removes.
    public func removeBytes(of id: UploadID) async throws {
        try await contents.removeUpload(id)
    }

    /// Takes an upload's next turn and lends its row and its bytes.
    private func withBytes<R>(
        of id: UploadID, _ scope: Scope, _ body: (ResumableUpload, UploadFile) async throws -> R
    ) async throws -> R {
        let upload = try await database.write(scope) { try await $0.takeTurn(upload: id) }
        let file = try await contents.openUpload(id, turn: upload.turn)
        return try await body(try await matched(upload, with: file, scope), file)
    }

    /// The upload as its bytes are: where a backup brought back the row without them, it goes on at what is there.
    private func matched(_ upload: ResumableUpload, with file: UploadFile, _ scope: Scope) async throws -> ResumableUpload {
        let byteCount = try await file.byteCount()
        guard byteCount < upload.offset else { return upload }
        return try await database.write(scope) { try await $0.move(upload, to: byteCount) }
    }
}

extension Upload {
    fileprivate init(_ upload: ResumableUpload, _ content: IncomingContent) {
        self.init(
            name: upload.name, sourcePath: upload.sourcePath, content: content, tags: upload.tags,
            conversationID: upload.conversationID, retryFailed: upload.retryFailed, batch: upload.batch)
    }
}

extension Problem {
    fileprivate static func offsetMismatch(_ upload: ResumableUpload) -> Problem {
        Problem(
            .conflict, code: "offset_mismatch", "The upload goes on at byte \(upload.offset), not elsewhere.",
            remedy: "Send the bytes from \(upload.offset) on with ?offset=\(upload.offset).", parameter: "offset")
    }

    fileprivate static func pieceTooLarge(_ upload: ResumableUpload, room: Int) -> Problem {
        let limit = ResumableIntake.maximumPiece
        guard room < limit else {
            return Problem(
                .tooLarge, code: "piece_too_large", "A piece of an upload has at most \(limit) bytes.", remedy: "Send smaller pieces.",
                parameter: "body")
        }
        return Problem(
            .tooLarge, code: "upload_overrun",
            "The upload was begun for \(upload.byteCount) bytes; from \(upload.offset) on there are \(room) to come.",
            remedy: "Send no more than that, or begin an upload of the right size.", parameter: "body")
    }

    fileprivate static func incomplete(_ upload: ResumableUpload) -> Problem {
        Problem(
            .conflict, code: "upload_incomplete", "The upload has \(upload.offset) of its \(upload.byteCount) bytes.",
            remedy: "Send the rest with ?offset=\(upload.offset), then complete it.")
    }

    fileprivate static func digestMismatch(_ upload: ResumableUpload, found: ContentDigest) -> Problem {
        Problem(
            .unprocessable, code: "digest_mismatch",
            "The bytes that came have the SHA-256 \(found), not \(upload.sha256?.description ?? "") as was announced.",
            remedy: "Delete this upload and send the file again.", parameter: "sha256")
    }
}
