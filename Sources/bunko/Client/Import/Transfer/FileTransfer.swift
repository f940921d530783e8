import Domain
import Foundation

/// Brings one file's content to the server: whole when it is small, in parts that survive an interruption when it is large.
struct FileTransfer: Sendable {
    let client: APIClient
    let target: ImportTarget
    let tags: [String]
    let retryFailed: Bool
    let batch: String
    let progress: ImportProgress
    let patience: Patience

    /// Files up to this size are read and sent at once.
    static let wholeUpTo = 8 << 20
    /// Files up to this size share a request with others.
    static let togetherUpTo = 32 << 10
    /// Of larger ones, what one request carries.
    private static let partSize = 8 << 20

    struct Outcome: Sendable {
        let file: FileAnswer
        /// Whether the server had all of this already.
        let isRepeated: Bool
    }

    /// - Throws: ``FileFault`` when the file changes meanwhile, ``APIClient/Failure`` when the server refuses it.
    func send(_ read: LocalFile.Read) async throws -> Outcome {
        let file = read.file
        if let bytes = read.bytes {
            let outcome = try await outcome { try await client.upload("/v1/files", query: fields(file), bytes: bytes) }
            progress.sent(bytes.count)
            return outcome
        }
        if let outcome = try await sendParts(file) { return outcome }
        let outcome = try await outcome { try await client.upload("/v1/files", query: fields(file), file: file) }
        progress.sent(file.size)
        return outcome
    }

    /// Sends small files, whose bytes were read, in one request.
    /// - Throws: ``APIClient/Failure`` when the server refuses one of them, and with it all.
    func send(_ reads: [LocalFile.Read]) async throws -> [Outcome] {
        let form = FilesForm(reads)
        let (answer, mayBeRepeated) = try await patience.trying {
            try await client.upload("/v1/files", query: fields, bytes: form.body, type: form.contentType, as: PageAnswer<FileAnswer>.self)
        }
        guard answer.data.count == reads.count else {
            throw Problem(.internalFault, code: "answer_unreadable", "The server took \(answer.data.count) of \(reads.count) files.")
        }
        progress.sent(reads.reduce(0) { $0 + $1.file.size })
        return answer.data.map { Outcome($0, mayBeRepeated: mayBeRepeated) }
    }

    private func outcome(_ request: () async throws -> FileAnswer) async throws -> Outcome {
        let (answer, mayBeRepeated) = try await patience.trying(request)
        return Outcome(answer, mayBeRepeated: mayBeRepeated)
    }

    private func fields(_ file: LocalFile) -> [String: String] {
        var fields = fields
        fields["name"] = (file.path as NSString).lastPathComponent
        fields["source_path"] = file.path
        return fields
    }

    /// What is said of all files.
    private var fields: [String: String] {
        var fields = target.fields
        fields["batch"] = batch
        if !tags.isEmpty { fields["tags"] = tags.joined(separator: ",") }
        if retryFailed { fields["retry_failed"] = "true" }
        return fields
    }

    /// Nil when the server takes no uploads in parts.
    private func sendParts(_ file: LocalFile) async throws -> Outcome? {
        let note = UploadNote(file: file, purpose: [client.address, target.name, tags.joined(separator: ",")])
        // A server may have forgotten an upload between two parts; then it is begun anew, once.
        for isLast in [false, true] {
            guard let upload = try await begun(file, note) else { return nil }
            do {
                try await appendAll(file, upload)
                let outcome = try await outcome { try await client.completeUpload(upload.id) }
                try await note.remove()
                return outcome
            } catch let failure as APIClient.Failure where !isLast && [404, 410].contains(failure.status) {
                try await note.remove()
            } catch let failure as APIClient.Failure
                where (400..<500).contains(failure.status) && ![401, 403, 429].contains(failure.status)
            {
                try await note.remove()
                throw failure
            }
        }
        return nil
    }

    /// The upload an earlier run left, or a new one; nil when the server knows no such thing.
    private func begun(_ file: LocalFile, _ note: UploadNote) async throws -> UploadAnswer? {
        if let id = try await note.id {
            do {
                return try await patience { try await client.upload(id) }
            } catch let failure as APIClient.Failure where [404, 410].contains(failure.status) {
                try await note.remove()
            }
        }
        do {
            let opening = opening(file)
            let upload = try await patience { try await client.openUpload(opening) }
            try await note.keep(id: upload.id, path: file.path)
            return upload
        } catch let failure as APIClient.Failure where [404, 405].contains(failure.status) && failure.code != "assistant_not_found" {
            return nil
        }
    }

    private func opening(_ file: LocalFile) -> UploadOpening {
        let assistant: String? =
            switch target {
            case .assistant(let id): id
            case .missing(let name): name
            case .shared: nil
            }
        return UploadOpening(
            filename: (file.path as NSString).lastPathComponent, bytes: file.size, sha256: file.digest.description, assistant: assistant,
            shared: assistant == nil ? true : nil, source_path: file.path, tags: tags, retry_failed: retryFailed, batch: batch)
    }

    private func appendAll(_ file: LocalFile, _ upload: UploadAnswer) async throws {
        var offset = upload.offset
        var mismatches = 0
        while offset < file.size {
            let start = offset
            let bytes = try await Blocking.run { _ in try file.part(offset: start, count: Self.partSize) }
            do {
                offset = try await patience { try await client.append(bytes, at: start, to: upload.id) }
            } catch let failure as APIClient.Failure where failure.code == "offset_mismatch" && mismatches < 5 {
                // A part whose answer was lost has arrived after all.
                mismatches += 1
                offset = try await patience { try await client.upload(upload.id) }.offset
            }
            progress.sent(max(0, offset - start))
        }
    }
}

extension FileTransfer.Outcome {
    /// - Parameter mayBeRepeated: whether an earlier try may have reached the server; then "unchanged" is this import's own work.
    fileprivate init(_ answer: FileAnswer, mayBeRepeated: Bool) {
        self.init(file: answer, isRepeated: answer.outcome == "unchanged" && !mayBeRepeated)
    }
}
