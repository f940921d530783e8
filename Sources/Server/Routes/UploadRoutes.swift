import Domain
import Foundation
import Hummingbird
import Ingestion
import NIOCore
import Storage

/// `/v1/uploads`: a file in several requests, for large ones and unsteady connections.
///
/// `POST` with the file's name, size and place begins one; `PATCH ?offset=N` adds a piece of at most 64 MiB, durable when it is answered;
/// `POST …/complete` makes the file of it and answers as `POST /v1/files` does, again and again; `DELETE` gives it up. Whoever does not
/// know where to go on asks with `GET`. An upload ends by itself a day after its last piece.
struct UploadRoutes: Sendable {
    let database: Database
    let uploads: ResumableIntake
    let intake: FileIntake
    let shared: SharedRows

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.post("uploads", use: begin)
        group.get("uploads/:upload", use: get)
        group.patch("uploads/:upload", use: append)
        group.post("uploads/:upload/complete", use: complete)
        group.delete("uploads/:upload", use: delete)
    }

    struct Announcement: Decodable, Sendable {
        let filename: String
        let bytes: Int
        let sha256: String?
        let assistant: String?
        let shared: Bool?
        let conversation: String?
        let source_path: String?
        let tags: [String]?
        let retry_failed: Bool?
        let batch: String?
    }

    @Sendable
    func begin(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<UploadBody> {
        let scope = try context.scope
        try scope.require(.ingest)
        try await intake.checkQueue()
        let announcement = try await request.json(Announcement.self)
        let fields = try UploadFields(announcement)
        let draft = try UploadDraft(announcement, fields)
        let owner = try await self.owner(isShared: fields.isShared, scope)
        let assistant = try await database.read(owner) { try await fields.target(in: $0) }
        return JSONResponse(UploadBody(try await uploads.begin(draft, for: assistant, scope: scope)), status: .created)
    }

    @Sendable
    func get(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<UploadBody> {
        let scope = try context.scope
        try scope.require(.read)
        let id = try context.pathID("upload", as: UploadID.self)
        return JSONResponse(UploadBody(try await database.read(scope) { try await $0.upload(id) }))
    }

    @Sendable
    func append(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<UploadBody> {
        let scope = try context.scope
        let id = try context.pathID("upload", as: UploadID.self)
        // The frames of a form would become part of the file.
        if let type = request.mediaType, type.hasPrefix("multipart/") { throw Problem.contentType(type) }
        guard request.parameter("offset") != nil else {
            throw Problem.invalid("offset", "The piece tells no offset.", remedy: "Send it with ?offset=N, as the upload's offset says.")
        }
        let offset = try request.number("offset", default: 0, in: 0...Int.max)
        let upload = try await uploads.append(to: id, at: offset, announced: request.announcedBytes, scope: scope) { file in
            try await request.stream { try await file.append($0.readableBytesView) }
        }
        return JSONResponse(UploadBody(upload))
    }

    @Sendable
    func complete(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathID("upload", as: UploadID.self)
        if let kept = try await kept(id, scope) { return kept }
        let answer: ResourceResponse
        do {
            answer = try await uploads.complete(id, scope: scope) { try await store($0, $1, request, scope) }
        } catch let problem as Problem where problem.code == Problem.uploadCompleteCode {
            // Another request was quicker.
            guard let kept = try await kept(id, scope) else { throw problem }
            return kept
        }
        if answer.status == .accepted, !answer.isReplayed { intake.announce() }
        try await uploads.removeBytes(of: id)
        return answer
    }

    /// What an earlier completion was answered.
    private func kept(_ id: UploadID, _ scope: Scope) async throws -> ResourceResponse? {
        let answer = try await database.read(scope) { transaction in
            _ = try await transaction.upload(id)
            return try await transaction.answer(toUpload: id)
        }
        return answer.map(ResourceResponse.init)
    }

    /// Makes the file, and ends the upload with its answer, in one transaction.
    private func store(
        _ upload: ResumableUpload, _ file: Upload, _ request: Request, _ scope: Scope
    ) async throws -> ResourceResponse {
        let owner = try await owner(isShared: upload.assistantID == nil, scope)
        return try await IdempotentWrite(database: database).answer(request, [:], scope: scope, owner: owner) { transaction in
            let answer = ResourceResponse(try await intake.accept(file, into: upload.assistantID, in: transaction))
            try await transaction.complete(
                upload: upload.id, KeptAnswer(status: answer.status.code, version: answer.version, body: answer.body), of: scope)
            return answer
        }
    }

    @Sendable
    func delete(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathID("upload", as: UploadID.self)
        try await database.write(scope) { try await $0.deleteUpload(id) }
        try await uploads.removeBytes(of: id)
        return JSONResponse(Deletion(id: id.description, object: "upload.deleted"))
    }

    /// In whose scope the file is made.
    private func owner(isShared: Bool, _ scope: Scope) async throws -> Scope {
        isShared ? try await shared.administration.sharedScope(for: scope) : scope
    }
}

/// A resumable upload on the wire.
struct UploadBody: Encodable, Sendable {
    let object = "upload"
    let id: String
    let filename: String
    let bytes: Int
    let offset: Int
    let expires_at: Int

    init(_ upload: ResumableUpload) {
        id = upload.id.description
        filename = upload.name
        bytes = upload.byteCount
        offset = upload.offset
        expires_at = Int(upload.expiresAt.timeIntervalSince1970)
    }
}

extension UploadFields {
    fileprivate init(_ announcement: UploadRoutes.Announcement) throws(Problem) {
        try self.init(
            name: announcement.filename, sourcePath: announcement.source_path, assistant: announcement.assistant,
            isShared: announcement.shared ?? false, conversation: announcement.conversation, tags: announcement.tags ?? [],
            retryFailed: announcement.retry_failed ?? false, batch: announcement.batch)
    }
}

extension UploadDraft {
    fileprivate init(_ announcement: UploadRoutes.Announcement, _ fields: UploadFields) throws(Problem) {
        guard announcement.bytes >= 0 else { throw Problem.invalid("bytes", "A file has no fewer than 0 bytes.") }
        let sha256 = try announcement.sha256.map { text throws(Problem) in
            guard let digest = ContentDigest(text) else {
                throw Problem.invalid("sha256", "sha256 is \"\(text.prefix(100))\"; it has 64 hexadecimal digits.")
            }
            return digest
        }
        self.init(
            name: fields.name, sourcePath: fields.sourcePath, byteCount: announcement.bytes, sha256: sha256, tags: fields.tags,
            conversationID: fields.conversation, retryFailed: fields.retryFailed, batch: fields.batch)
    }
}
