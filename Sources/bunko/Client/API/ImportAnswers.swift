/// A file as an import reads it, from the answer to an upload, to a question after it, or from the list.
struct FileAnswer: Decodable, Sendable {
    let id: String
    let source_path: String
    let sha256: String
    let tags: [String]
    let state: String
    let outcome: String?
    let chunks: Int
    let code: String?
    let reason: String?
    /// Nil from a server without jobs, and for what is unchanged.
    let job_id: String?
    /// An attachment is none of an import's files.
    let conversation_id: String?
}

/// A job as an import reads it.
struct JobAnswer: Decodable, Sendable {
    struct Chunks: Decodable, Sendable {
        let total: Int?
    }

    struct Failure: Decodable, Sendable {
        let code: String
        let reason: String
        let remedy: String?
    }

    let id: String
    let state: String
    let chunks: Chunks?
    let failure: Failure?
}

/// An upload in parts.
struct UploadAnswer: Decodable, Sendable {
    let id: String
    let offset: Int
    let bytes: Int
}

/// What a part of an upload answers: where the next one begins.
struct UploadOffset: Decodable, Sendable {
    let offset: Int
}

/// What begins an upload in parts.
struct UploadOpening: Encodable, Sendable {
    let filename: String
    let bytes: Int
    let sha256: String
    let assistant: String?
    let shared: Bool?
    let source_path: String
    let tags: [String]
    let retry_failed: Bool
    let batch: String
}
