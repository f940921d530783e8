import Domain
import Foundation
import Hummingbird
import Ingestion
import NIOCore
import Storage

/// Uploads in one request: a multipart body with one file or several, or fields in the query with the bare bytes as body. The files' bytes
/// go to the content store as they come, and are gone when nothing is made of the form.
struct UploadForm {
    /// Of the first file; whose it will be holds for all.
    let fields: UploadFields
    /// At least one.
    let uploads: [Upload]

    var isShared: Bool { fields.isShared }

    func target(in transaction: Transaction) async throws -> AssistantID? { try await fields.target(in: transaction) }

    /// What tells this upload from another one, for its Idempotency-Key.
    func members(_ assistant: AssistantID?) -> [String: JSONValue] {
        let members = uploads.map { upload -> [String: JSONValue] in
            [
                "assistant": assistant.map { .string($0.description) } ?? .null, "name": .string(upload.name),
                "source_path": upload.sourcePath.map(JSONValue.string) ?? .null, "tags": .array(upload.tags.map(JSONValue.string)),
                "conversation": upload.conversationID.map { .string($0.uuidString) } ?? .null,
                "retry_failed": .boolean(upload.retryFailed), "sha256": .string(upload.content.digest.description),
            ]
        }
        return members.count == 1 ? members[0] : ["files": .array(members.map(JSONValue.object))]
    }

    /// Room for the fields and frames of a multipart body around a file of the largest size.
    static let multipartOverhead = 65_536

    /// Several files of one request are small ones, for they are taken in together or not at all: most files, and most bytes in all.
    static let mostFiles = 64
    static let mostBytesTogether = 8 << 20

    /// Reads the body to its end.
    /// - Throws: `too_large` as soon as a limit is passed, `unsupported_type` as soon as the name or the request's own type is known.
    init(_ request: Request, _ intake: FileIntake, _ limits: UploadLimits) async throws {
        let type = request.mediaType
        if type == "multipart/form-data" {
            try await self.init(multipart: request, intake, limits)
        } else if type?.hasPrefix("multipart/") != true, let name = request.parameter("name") {
            try await self.init(raw: request, name: name, intake, limits)
        } else if let type, type != "application/octet-stream" {
            throw Problem.contentType(type)
        } else {
            throw Problem.invalid(
                "name", "The upload has no name.", remedy: "Send multipart/form-data with a part \"file\", or the bytes with ?name=FILE.")
        }
    }

    private init(raw request: Request, name: String, _ intake: FileIntake, _ limits: UploadLimits) async throws {
        let fields = try UploadFields(name: name) { request.parameter($0) }
        try limits.checkSize(request.announcedBytes ?? 0, of: name)
        let writer = try intake.writer(for: fields.name, limits)
        try await request.stream { try await writer.append($0.readableBytesView) }
        self.init([(fields, try await writer.finish())])
    }

    private init(multipart request: Request, _ intake: FileIntake, _ limits: UploadLimits) async throws {
        guard let boundary = Multipart.boundary(in: request.headers[.contentType] ?? "") else {
            throw Problem.invalid("Content-Type", "The multipart body has no usable boundary.")
        }
        try limits.checkSize((request.announcedBytes ?? 0) - Self.multipartOverhead, of: "upload")
        var form = FormReader(boundary: boundary, intake: intake, limits: limits)
        try await request.stream { try await form.take($0) }
        let files = try form.finish()
        let field = { [fields = form.fields] (name: String) in fields[name] ?? request.parameter(name) }
        guard files.count == 1 || field("source_path") == nil else {
            throw Problem.invalid(
                "source_path", "The form has one source_path for several files.",
                remedy: "Leave it out and send each part's path as its file name, or each file in a request of its own.")
        }
        self.init(try files.map { (try UploadFields(name: $0.name, field), $0.content) })
    }

    private init(_ files: [(fields: UploadFields, content: IncomingContent)]) {
        fields = files[0].fields
        uploads = files.map { fields, content in
            Upload(
                name: fields.name, sourcePath: fields.sourcePath, content: content, tags: fields.tags,
                conversationID: fields.conversation, retryFailed: fields.retryFailed, batch: fields.batch)
        }
    }
}

/// Puts the parts of a form where they belong while the body comes: the file's bytes to the content store, fields into memory.
private struct FormReader {
    private enum Part {
        case file(ContentWriter)
        case field(String, [UInt8])
    }

    private var parser: MultipartParser
    private let intake: FileIntake
    private let limits: UploadLimits
    private var part: Part?
    private var files: [(name: String, content: IncomingContent)] = []
    private var fieldBytes = 0
    private var fileBytes = 0
    private var bodyBytes = 0
    private(set) var fields: [String: String] = [:]

    init(boundary: String, intake: FileIntake, limits: UploadLimits) {
        parser = MultipartParser(boundary: boundary)
        self.intake = intake
        self.limits = limits
    }

    /// What the file under way is called.
    private var fileName = ""

    mutating func take(_ piece: ByteBuffer) async throws {
        bodyBytes += piece.readableBytes
        for event in try parser.feed(piece.readableBytesView) {
            switch event {
            case .begin(let head): try begin(head)
            case .bytes(let bytes): try await take(bytes)
            case .end: try await end()
            }
        }
        // What is neither file nor field (a preamble, many headers) has no other bound.
        guard bodyBytes <= limits.maximumBytes + UploadForm.multipartOverhead else { throw Problem.formTooLarge }
    }

    /// The files, in their order; at least one.
    func finish() throws -> [(name: String, content: IncomingContent)] {
        try parser.finish()
        guard !files.isEmpty else { throw Problem.invalid("file", "The form has no part \"file\" with a file name.") }
        return files
    }

    private mutating func begin(_ head: Multipart.Head) throws(Problem) {
        guard let name = head.fileName else {
            guard fields[head.name] == nil else {
                throw Problem.invalid(head.name, "The form has the field \"\(head.name)\" twice.", remedy: "Send it once.")
            }
            part = .field(head.name, [])
            return
        }
        guard head.name == "file" else {
            throw Problem.invalid("file", "The form has a file in the part \"\(head.name)\".", remedy: "Call the part \"file\".")
        }
        guard files.count < UploadForm.mostFiles else { throw Problem.tooManyFiles }
        try checkTogether()
        fileName = name
        part = .file(try intake.writer(for: name, limits))
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) async throws {
        switch part {
        case .file(let writer):
            fileBytes += bytes.count
            try checkTogether()
            try await writer.append(bytes)
        case .field(let name, let begun):
            fieldBytes += bytes.count
            guard fieldBytes <= UploadForm.multipartOverhead else { throw Problem.formTooLarge }
            part = .field(name, begun + bytes)
        case nil: break
        }
    }

    /// Before the next file, and while it comes.
    private func checkTogether() throws(Problem) {
        guard files.isEmpty || fileBytes <= UploadForm.mostBytesTogether else { throw Problem.tooMuchTogether }
    }

    private mutating func end() async throws {
        switch part {
        case .file(let writer): files.append((fileName, try await writer.finish()))
        case .field(let name, let bytes): fields[name] = String(decoding: bytes, as: UTF8.self)
        case nil: break
        }
        part = nil
    }
}

extension Problem {
    fileprivate static var formTooLarge: Problem {
        Problem(
            .tooLarge, code: "form_too_large",
            "The fields of the form and what stands around them are larger than the limit of \(UploadForm.multipartOverhead) bytes.",
            remedy: "Send less beside the file.", parameter: "body")
    }

    fileprivate static var tooManyFiles: Problem {
        Problem(
            .tooLarge, code: "too_many_files", "The form has more than \(UploadForm.mostFiles) files.",
            remedy: "Send them in several requests.", parameter: "file")
    }

    fileprivate static var tooMuchTogether: Problem {
        Problem(
            .tooLarge, code: "files_too_large",
            "The files of the form are larger than \(UploadForm.mostBytesTogether) bytes together, the limit for several in one request.",
            remedy: "Send large files in requests of their own.", parameter: "file")
    }

    static func contentType(_ type: String) -> Problem {
        Problem(
            .unsupportedType, code: "content_type_unsupported", "A body of type \"\(type.prefix(100))\" is no upload.",
            remedy: "Send multipart/form-data with a part \"file\", or the bytes with ?name=FILE as application/octet-stream.",
            parameter: "Content-Type")
    }
}

extension Request {
    /// The type of the body without its parameters, in lower case.
    var mediaType: String? {
        headers[.contentType].map {
            ($0.split(separator: ";").first.map(String.init) ?? "").trimmingCharacters(in: .whitespaces).lowercased()
        }
    }

    /// The body's size, if it is told before.
    var announcedBytes: Int? { headers[.contentLength].flatMap { Int($0) } }

    /// Hands on the body as it comes.
    /// - Throws: `invalid_request` when it ends before its announced size, and what `take` throws.
    func stream(_ take: (ByteBuffer) async throws -> Void) async throws {
        var received = 0
        for try await piece in body {
            received += piece.readableBytes
            try await take(piece)
        }
        if let announcedBytes, received < announcedBytes {
            throw Problem(
                .invalidRequest, code: "body_cut_off", "The body ended after \(received) of its \(announcedBytes) bytes.",
                remedy: "Send it again.", parameter: "body")
        }
    }
}
