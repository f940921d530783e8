public import Domain
public import Foundation

/// Who a request comes from, once its credentials have been checked.
public struct Principal: Sendable {
    /// Reaches what the principal may reach.
    public let scope: Scope
    public let userID: UserID
    /// What the log says of it: the key's prefix, never its secret.
    public let label: String
    /// The session behind an access token; nil for a key and for the local administrator.
    public let session: SessionID?

    init(scope: Scope, userID: UserID, label: String, session: SessionID? = nil) {
        self.scope = scope
        self.userID = userID
        self.label = label
        self.session = session
    }
}

/// A key just made: the only moment its text is known.
public struct NewAPIKey: Sendable {
    public let id: APIKeyID
    public let key: String
    public let user: UserID
    public let permissions: [Permission]
    public let assistants: [AssistantID]?
    public let expiresAt: Date?
}
