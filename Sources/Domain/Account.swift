public import Foundation

/// A user of the installation, without the hash of the password, which nothing outside the database ever sees.
public struct Account: Sendable {
    public var id: UserID
    public var username: String
    public var email: String
    public var firstName: String?
    public var lastName: String?
    public var isActive: Bool
    /// Whether the e-mail address has been shown to be the user's.
    public var isVerified: Bool
    /// Whether the user administers the installation, beyond what is their own.
    public var isAdministrator: Bool
    public var lastLoginAt: Date?
    public var createdAt: Date
    public var updatedAt: Date

    public init(
        id: UserID, username: String, email: String, firstName: String?, lastName: String?, isActive: Bool, isVerified: Bool,
        isAdministrator: Bool, lastLoginAt: Date?, createdAt: Date, updatedAt: Date
    ) {
        self.id = id
        self.username = username
        self.email = email
        self.firstName = firstName
        self.lastName = lastName
        self.isActive = isActive
        self.isVerified = isVerified
        self.isAdministrator = isAdministrator
        self.lastLoginAt = lastLoginAt
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// What makes a new account.
public struct AccountDraft: Sendable {
    public var username: String
    public var email: String
    /// Nil: nobody can log in until a password is set by a one-time token.
    public var password: String?
    public var firstName: String?
    public var lastName: String?
    public var isAdministrator: Bool
    public var isVerified: Bool

    public init(
        username: String, email: String, password: String?, firstName: String? = nil, lastName: String? = nil,
        isAdministrator: Bool = false, isVerified: Bool = false
    ) {
        self.username = username
        self.email = email
        self.password = password
        self.firstName = firstName
        self.lastName = lastName
        self.isAdministrator = isAdministrator
        self.isVerified = isVerified
    }
}

/// What is to change of an account; nil leaves a member as it is.
public struct AccountChanges: Sendable {
    public var username: String?
    public var email: String?
    /// The inner nil removes the name.
    public var firstName: String??
    public var lastName: String??
    public var isActive: Bool?
    public var isVerified: Bool?
    public var isAdministrator: Bool?

    public init(
        username: String? = nil, email: String? = nil, firstName: String?? = nil, lastName: String?? = nil, isActive: Bool? = nil,
        isVerified: Bool? = nil, isAdministrator: Bool? = nil
    ) {
        self.username = username
        self.email = email
        self.firstName = firstName
        self.lastName = lastName
        self.isActive = isActive
        self.isVerified = isVerified
        self.isAdministrator = isAdministrator
    }
}

/// What a one-time token of an account is good for.
public enum AccountTokenPurpose: String, Sendable {
    case verifyEmail = "verify_email"
    case resetPassword = "reset_password"
    /// Making the first administrator; it belongs to the system user.
    case setUp = "setup"
}

/// What went with a deleted account.
public struct DeletionReceipt: Sendable {
    /// Rows by table, all tables with rows of users among them.
    public var rows: [String: Int]

    public init(rows: [String: Int]) {
        self.rows = rows
    }
}
