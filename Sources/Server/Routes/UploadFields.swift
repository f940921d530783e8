import Domain
import Foundation
import Ingestion
import Storage

/// What is said of an upload beside its bytes, whichever way they come.
struct UploadFields {
    /// The file's own name.
    let name: String
    let sourcePath: String
    /// The assistant it is for; that of the conversation when it is attached to one.
    let assistant: String?
    /// Whether its passages are for all to share; then it is for no assistant.
    let isShared: Bool
    let conversation: UUID?
    let tags: [String]
    let retryFailed: Bool
    /// What the importer calls all uploads of one run.
    let batch: String?

    /// - Parameter name: as the client sends it, which may be a whole path.
    /// - Throws: `invalid_request` unless it says whose the file will be, and once; `not_found` for a conversation that is no id.
    init(
        name: String, sourcePath: String?, assistant: String?, isShared: Bool, conversation: String?, tags: [String], retryFailed: Bool,
        batch: String?
    ) throws(Problem) {
        let id = try conversation.map { text throws(Problem) in
            guard let id = UUID(uuidString: text) else { throw Problem.notFound("conversation", text) }
            return id
        }
        guard !isShared || (id == nil && assistant == nil) else {
            throw Problem.invalid("shared", "A shared file belongs to no assistant and no conversation.", remedy: "Leave those fields out.")
        }
        guard isShared || id != nil || assistant?.isEmpty == false else {
            throw Problem.invalid("assistant", "The upload names no assistant.", remedy: "Add the field \"assistant\" with its name or id.")
        }
        self.name = name.split(separator: "/").last.map(String.init) ?? ""
        self.sourcePath = sourcePath ?? name
        self.assistant = assistant
        self.isShared = isShared
        self.conversation = id
        self.tags = tags
        self.retryFailed = retryFailed
        self.batch = batch
    }

    /// As texts: tags separated by commas, and `true`.
    init(name: String, _ field: (String) -> String?) throws(Problem) {
        let tags = (field("tags") ?? "").split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
        try self.init(
            name: name, sourcePath: field("source_path"), assistant: field("assistant"), isShared: field("shared") == "true",
            conversation: field("conversation"), tags: tags, retryFailed: field("retry_failed") == "true",
            batch: field("batch"))
    }

    /// The assistant whose file it becomes; nil for a shared one.
    func target(in transaction: Transaction) async throws -> AssistantID? {
        if isShared { return nil }
        if let conversation { return try await transaction.assistant(ofConversation: conversation) }
        return try await transaction.assistant(assistant ?? "").id
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
