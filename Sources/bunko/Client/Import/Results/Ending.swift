/// How the server's word on a file or its job is read.
enum Ending: Sendable, Equatable {
    /// It is not at its end; the step it is in.
    case open(ImportStep)
    case done(chunks: Int)
    case unchanged(chunks: Int)
    case failed(code: String, reason: String, remedy: String?)

    init(_ job: JobAnswer) {
        self =
            switch job.state {
            case "done": .done(chunks: job.chunks?.total ?? 0)
            case "unchanged": .unchanged(chunks: job.chunks?.total ?? 0)
            case "failed":
                .failed(
                    code: job.failure?.code ?? "unknown", reason: job.failure?.reason ?? "No reason was given.", remedy: job.failure?.remedy
                )
            case "cancelled":
                .failed(code: "cancelled", reason: "The job was cancelled.", remedy: "Import again with --retry-failed.")
            case let state: .open(ImportStep(jobState: state))
            }
    }

    init(_ file: FileAnswer) {
        self =
            switch file.state {
            case "done": .done(chunks: file.chunks)
            case "failed": .failed(code: file.code ?? "unknown", reason: file.reason ?? "No reason was given.", remedy: nil)
            case "pending", "queued": .open(.queued)
            default: .open(.extracting)
            }
    }

    /// The line of the report; nil while it is open.
    /// - Parameter isRepeated: whether nothing new was uploaded.
    func file(_ path: String, isRepeated: Bool) -> ImportReport.File? {
        switch self {
        case .open: nil
        case .done(let chunks): ImportReport.File(path: path, state: isRepeated ? .unchanged : .done, chunks: chunks)
        case .unchanged(let chunks): ImportReport.File(path: path, state: .unchanged, chunks: chunks)
        case .failed(let code, let reason, let remedy): ImportReport.File(path: path, failed: code, reason, remedy: remedy)
        }
    }
}

/// Where a file of an import stands.
enum ImportStep: String, Sendable, CaseIterable {
    case uploading, queued, extracting, embedding, storing

    init(jobState: String) {
        self =
            switch jobState {
            case "extracting", "chunking": .extracting
            case "embedding": .embedding
            case "storing": .storing
            default: .queued
            }
    }
}
