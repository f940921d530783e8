public import Domain

/// Who a request comes from, once its credentials have been checked.
public struct Principal: Sendable {
    /// Reaches what the principal may reach.
    public let scope: Scope
    public let userID: UserID
    /// What the log says of it: the key's prefix, never its secret.
    public let label: String
}

/// A key just made: the only moment its text is known.
public struct NewAPIKey: Sendable {
    public let id: APIKeyID
    public let key: String
    public let user: UserID
    public let permissions: [Permission]
}
