public import Domain
public import Storage

/// Who a request comes from, once its credentials have been checked.
public struct Principal: Sendable {
    /// Reaches what the principal may reach.
    public let scope: Scope
    public let userID: UserID
    /// What the log says of it: the key's prefix, never its secret.
    public let label: String
    /// The session behind an access token; nil for a key and for the local administrator.
    public let session: SessionID?
    /// The key it came with; nil for a session and for the local administrator.
    public let key: APIKeyID?

    init(scope: Scope, userID: UserID, label: String, session: SessionID? = nil, key: APIKeyID? = nil) {
        self.scope = scope
        self.userID = userID
        self.label = label
        self.session = session
        self.key = key
    }
}

/// A key just made: the only moment its text is known.
public struct NewAPIKey: Sendable {
    public let record: APIKeyRecord
    public let key: String

    public var id: APIKeyID { record.id }
    public var assistants: [AssistantID]? { record.assistants }
}
