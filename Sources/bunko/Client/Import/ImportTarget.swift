import Domain

/// Whose knowledge files become: an assistant's, or all assistants' that share.
enum ImportTarget: Sendable, Equatable {
    case assistant(id: String)
    case shared
    /// An assistant that is not there yet, on a dry run.
    case missing(name: String)

    /// What an import was told, looked up on the server.
    struct Found: Sendable {
        let target: ImportTarget
        /// The name of the assistant that was made for it.
        let made: String?
    }

    /// - Parameters:
    ///   - assistant: a name or an id; nil: for all to share.
    ///   - mayMake: whether a missing assistant is made; one that is named by an id never is.
    static func find(_ assistant: String?, _ client: APIClient, mayMake: Bool) async throws -> Found {
        guard let assistant else { return Found(target: .shared, made: nil) }
        do {
            let found: AssistantAnswer = try await client.get(APIClient.path("assistants", assistant))
            return Found(target: .assistant(id: found.id), made: nil)
        } catch let failure as APIClient.Failure where failure.code == "assistant_not_found" {
            guard AssistantID(assistant) == nil else { throw failure }
            guard mayMake else { return Found(target: .missing(name: assistant), made: nil) }
            let made: AssistantAnswer = try await client.post("/v1/assistants", ["name": assistant])
            return Found(target: .assistant(id: made.id), made: made.name)
        }
    }

    /// How `GET /v1/files` is asked for these files; nil when there can be none.
    var listing: [String: String]? {
        switch self {
        case .assistant(let id): ["assistant": id]
        case .shared: ["visibility": "shared"]
        case .missing: nil
        }
    }

    /// How `POST /v1/files` is told.
    var fields: [String: String] {
        switch self {
        case .assistant(let id): ["assistant": id]
        case .shared: ["shared": "true"]
        case .missing(let name): ["assistant": name]
        }
    }

    /// Of all targets of a server the same text for the same one.
    var name: String {
        switch self {
        case .assistant(let id): id
        case .shared: "shared"
        case .missing(let name): name
        }
    }
}
