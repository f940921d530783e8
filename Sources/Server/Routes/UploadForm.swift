import Domain
import Foundation
import Hummingbird
import Ingestion
import NIOCore
import Storage

/// An upload's fields, from a multipart body or from the query with the bare bytes as body.
struct UploadForm {
    /// The assistant it is for; that of the conversation when it is attached to one.
    let assistant: String?
    /// Whether its passages are for all to share; then it is for no assistant.
    let isShared: Bool
    let upload: Upload

    /// What tells this upload from another one, for its Idempotency-Key.
    func members(_ assistant: AssistantID?) -> [String: JSONValue] {
        [
            "assistant": assistant.map { .string($0.description) } ?? .null, "name": .string(upload.name),
            "source_path": upload.sourcePath.map(JSONValue.string) ?? .null, "tags": .array(upload.tags.map(JSONValue.string)),
            "conversation": upload.conversationID.map { .string($0.uuidString) } ?? .null, "retry_failed": .boolean(upload.retryFailed),
            "sha256": .string(ContentStore.digest(of: upload.bytes).description),
        ]
    }

    /// Room for the fields and frames of a multipart body around a file of the largest size.
    private static let multipartOverhead = 65_536

    init(_ request: Request, limit: Int) async throws {
        if let type = request.headers[.contentType], type.lowercased().hasPrefix("multipart/") {
            try await self.init(multipart: request, type: type, limit: limit)
        } else {
            try await self.init(raw: request, limit: limit)
        }
    }

    private init(raw request: Request, limit: Int) async throws {
        guard let name = request.parameter("name") else {
            throw Problem.invalid(
                "name", "The upload has no name.", remedy: "Send multipart/form-data with a part \"file\", or the bytes with ?name=FILE.")
        }
        let bytes = try await Self.body(of: request, name: name, limit: limit, overhead: 0)
        try self.init(bytes: Array(bytes.readableBytesView), name: name, fields: { request.parameter($0) })
    }

    private init(multipart request: Request, type: String, limit: Int) async throws {
        guard let boundary = Multipart.boundary(in: type) else {
            throw Problem.invalid("Content-Type", "The multipart body has no usable boundary.")
        }
        let body = try await Self.body(of: request, name: "upload", limit: limit, overhead: Self.multipartOverhead)
        let parts = try Multipart.parts(of: Array(body.readableBytesView), boundary: boundary)
        guard let file = parts.first(where: { $0.name == "file" }), let name = file.fileName else {
            throw Problem.invalid("file", "The form has no part \"file\" with a file name.")
        }
        try self.init(bytes: file.bytes, name: name) { field in
            parts.first { $0.name == field && $0.fileName == nil }.map { String(decoding: $0.bytes, as: UTF8.self) }
                ?? request.parameter(field)
        }
    }

    private init(bytes: [UInt8], name: String, fields: (String) -> String?) throws(Problem) {
        assistant = fields("assistant")
        isShared = fields("shared") == "true"
        let conversation = try fields("conversation").map { text throws(Problem) in
            guard let id = UUID(uuidString: text) else { throw Problem.notFound("conversation", text) }
            return id
        }
        guard !isShared || (conversation == nil && assistant == nil) else {
            throw Problem.invalid("shared", "A shared file belongs to no assistant and no conversation.", remedy: "Leave those fields out.")
        }
        guard isShared || conversation != nil || assistant?.isEmpty == false else {
            throw Problem.invalid("assistant", "The upload names no assistant.", remedy: "Add the field \"assistant\" with its name or id.")
        }
        let tags = (fields("tags") ?? "").split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
        // A client may send a whole path as the name; the file's own name is its last part.
        let ownName = name.split(separator: "/").last.map(String.init) ?? ""
        upload = Upload(
            name: ownName, sourcePath: fields("source_path") ?? name, bytes: bytes, tags: tags,
            conversationID: conversation, retryFailed: fields("retry_failed") == "true", batch: fields("batch"))
    }

    private static func body(of request: Request, name: String, limit: Int, overhead: Int) async throws -> ByteBuffer {
        do {
            return try await request.bytes(upTo: limit + overhead)
        } catch let problem as Problem where problem.kind == .tooLarge {
            throw Problem.fileTooLarge(name, limit: limit)
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        var rest = self
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
