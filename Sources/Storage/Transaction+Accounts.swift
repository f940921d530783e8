public import Domain
import Foundation
import Postgres

/// What a user does with their own account.
extension Transaction {
    static let accountColumns: SQL =
        "id, username, email, first_name, last_name, is_active, is_verified, is_admin, last_login_at, created_at, updated_at"

    /// The account of the scope's user.
    public func ownAccount() async throws -> Account {
        let user = try scope.userID
        let rows = try await connection.query("SELECT \(Self.accountColumns) FROM users WHERE id = \(user)")
        guard let row = rows.first else { throw Problem.notFound("user", user.description) }
        return try Account(row)
    }

    /// Whether the scope's user administers the installation at this moment.
    public func isAdministrator() async throws -> Bool {
        let rows = try await connection.query("SELECT FROM users WHERE id = \(try scope.userID) AND is_admin AND is_active")
        return !rows.isEmpty
    }
}

/// Which accounts an administrator lists.
public struct AccountQuery: Sendable {
    public enum Sort: String, Sendable, CaseIterable {
        case createdAt = "created_at"
        case username
        case email
    }

    public var limit: Int
    /// The last account of the page before.
    public var after: UserID?
    /// Names and addresses are ordered without regard to case.
    public var sort = Sort.createdAt
    public var isAscending = false
    public var isActive: Bool?
    public var isAdministrator: Bool?
    public var isVerified: Bool?

    public init(limit: Int, after: UserID? = nil) {
        self.limit = limit
        self.after = after
    }
}

/// What the service does with accounts on behalf of administrators and of users who have shown their password: a system scope's.
extension Transaction {
    /// A page of accounts, one more than asked for when there are more.
    public func accounts(_ query: AccountQuery) async throws -> [Account] {
        let key: SQL
        switch query.sort {
        case .createdAt: key = "created_at"
        case .username: key = "username_folded"
        case .email: key = "email_folded"
        }
        var conditions = ["true" as SQL]
        if let isActive = query.isActive { conditions.append("is_active = \(isActive)") }
        if let isAdministrator = query.isAdministrator { conditions.append("is_admin = \(isAdministrator)") }
        if let isVerified = query.isVerified { conditions.append("is_verified = \(isVerified)") }
        if let after = query.after {
            try await requireAnchor(after, in: "users WHERE id = \(after)")
            let comparison: SQL = query.isAscending ? ">" : "<"
            conditions.append("(\(key), id) \(comparison) (SELECT \(key), id FROM users WHERE id = \(after))")
        }
        let direction: SQL = query.isAscending ? "ASC" : "DESC"
        return try await connection.query(
            """
            SELECT \(Self.accountColumns) FROM users WHERE \(conditions.joined(separator: " AND "))
            ORDER BY \(key) \(direction), id \(direction) LIMIT \(query.limit + 1)
            """
        ).map(Account.init)
    }

    /// The account with this id or, when the text is no UUID of one, this user name or e-mail address.
    public func account(_ reference: String) async throws -> Account {
        let id = UserID(reference)
        let rows = try await connection.query(
            """
            SELECT \(Self.accountColumns) FROM users
            WHERE id = \(id) OR username_folded = lower(\(reference)) OR email_folded = lower(\(reference))
            ORDER BY id = \(id) DESC NULLS LAST LIMIT 1
            """)
        guard let row = rows.first else { throw Problem.notFound("user", reference) }
        return try Account(row)
    }

    /// Makes an account whose password, if it has one, is hashed at full cost.
    public func insertAccount(_ draft: AccountDraft) async throws -> Account {
        let rows = try await connection.query(
            """
            INSERT INTO users (username, email, password_hash, first_name, last_name, is_admin, is_verified)
            VALUES (\(draft.username), \(draft.email), coalesce(hash_password(\(draft.password)), '!'), \(draft.firstName),
                    \(draft.lastName), \(draft.isAdministrator), \(draft.isVerified))
            RETURNING \(Self.accountColumns)
            """)
        guard let row = rows.first else { throw Problem(.internalFault, code: "user_not_stored", "The account was not stored.") }
        return try Account(row)
    }

    /// Changes an account. Another e-mail address is not verified and voids the tokens for the old one; deactivating ends all sessions.
    /// - Parameter version: the only version that is changed; nil for any.
    /// - Throws: `precondition_failed` when the account is at another version.
    public func updateAccount(_ id: UserID, _ changes: AccountChanges, version: String? = nil) async throws -> Account {
        if let version {
            let rows = try await connection.query("SELECT \(Self.accountColumns) FROM users WHERE id = \(id) FOR NO KEY UPDATE")
            guard let row = rows.first else { throw Problem.notFound("user", id.description) }
            guard try Account(row).version == version else { throw Problem.versionChanged("user") }
        }
        let rows = try await connection.query(
            """
            WITH voided AS (
                DELETE FROM account_tokens t USING users u
                WHERE t.user_id = u.id AND u.id = \(id) AND t.purpose = 'verify_email' AND u.email_folded <> lower(\(changes.email)))
            UPDATE users SET
                username = coalesce(\(changes.username), username),
                email = coalesce(\(changes.email), email),
                first_name = CASE WHEN \(changes.firstName != nil) THEN \(changes.firstName ?? nil) ELSE first_name END,
                last_name = CASE WHEN \(changes.lastName != nil) THEN \(changes.lastName ?? nil) ELSE last_name END,
                is_active = coalesce(\(changes.isActive), is_active),
                is_admin = coalesce(\(changes.isAdministrator), is_admin),
                is_verified = coalesce(\(changes.isVerified), is_verified AND email_folded = lower(coalesce(\(changes.email), email)))
            WHERE id = \(id) RETURNING \(Self.accountColumns)
            """)
        guard let row = rows.first else { throw Problem.notFound("user", id.description) }
        if changes.isActive == false { try await endSessions(of: id) }
        return try Account(row)
    }

    /// Revokes the keys of a user if told to, effective at once.
    public func settleKeys(of id: UserID, revoking: Bool) async throws -> SettledKeys {
        let rows = try await connection.query("SELECT revoked_keys, valid_keys FROM settle_api_keys(\(id), \(revoking))")
        guard let row = rows.first else { throw Problem.notFound("user", id.description) }
        return try SettledKeys(row)
    }

    /// Sets a password, hashed at full cost, and ends all sessions but one, and the waiting that failed log-ins earned.
    public func setPassword(_ password: String, of id: UserID, keeping session: SessionID?) async throws {
        let changed = try await connection.execute("UPDATE users SET password_hash = hash_password(\(password)) WHERE id = \(id)")
        guard changed == 1 else { throw Problem.notFound("user", id.description) }
        try await connection.execute(
            """
            UPDATE refresh_tokens SET revoked_at = now()
            WHERE user_id = \(id) AND revoked_at IS NULL AND family_id IS DISTINCT FROM \(session)
            """)
        try await connection.execute(
            """
            DELETE FROM login_attempts a USING users u
            WHERE u.id = \(id) AND a.name_folded IN (u.email_folded, u.username_folded, ' ' || u.id)
            """)
    }

    /// Ends one session of a user, or all. The user's row is locked first, as by whoever goes on with a session, so that no token that
    /// is made at the same time is missed.
    public func endSessions(of id: UserID, only session: SessionID? = nil) async throws {
        _ = try await connection.query("SELECT FROM users WHERE id = \(id) FOR NO KEY UPDATE")
        try await connection.execute(
            """
            UPDATE refresh_tokens SET revoked_at = now()
            WHERE user_id = \(id) AND revoked_at IS NULL AND (\(session)::uuid IS NULL OR family_id = \(session))
            """)
    }

    /// Keeps the hash of a one-time token.
    public func insertAccountToken(_ digest: ContentDigest, for id: UserID, _ purpose: AccountTokenPurpose, lifetime: Duration) async throws
    {
        try await connection.execute(
            """
            INSERT INTO account_tokens (user_id, purpose, secret_sha256, expires_at)
            VALUES (\(id), \(purpose.rawValue), \(digest.bytes), now() + \(lifetime.components.seconds) * interval '1 second')
            """)
    }

    /// Whether somebody can log in and administer the installation.
    public func administratorExists() async throws -> Bool {
        let rows = try await connection.query("SELECT administrator_exists() AS found")
        return try rows.first?.decode("found", as: Bool.self) ?? false
    }

    /// Deletes an account with everything of its own.
    public func deleteAccount(_ id: UserID) async throws -> DeletionReceipt {
        let rows = try await connection.query("SELECT table_name, row_count FROM delete_account(\(id))")
        guard !rows.isEmpty else { throw Problem.notFound("user", id.description) }
        let counts = try rows.map { (try $0.decode("table_name", as: String.self), try $0.decode("row_count", as: Int.self)) }
        return DeletionReceipt(rows: Dictionary(counts) { $1 })
    }
}

/// What became of a user's API keys when their password was set.
public struct SettledKeys: Sendable, Equatable {
    public let revoked: Int
    /// Those that still open something.
    public let valid: Int

    init(_ row: PostgresRow) throws {
        revoked = Int(try row.decode("revoked_keys", as: Int32.self))
        valid = Int(try row.decode("valid_keys", as: Int32.self))
    }
}

extension Account {
    /// Tells one state of an account from another. A log-in changes nothing that is edited, so it leaves the version as it is.
    public var version: String {
        let edited = [username, email, firstName ?? "", lastName ?? "", "\(isActive)", "\(isVerified)", "\(isAdministrator)"]
        return String(ContentStore.digest(of: Array(edited.joined(separator: "\0").utf8)).description.prefix(16))
    }

    init(_ row: PostgresRow) throws {
        self.init(
            id: try row.decode("id", as: UserID.self),
            username: try row.decode("username", as: String.self),
            email: try row.decode("email", as: String.self),
            firstName: try row.decode("first_name", as: String?.self),
            lastName: try row.decode("last_name", as: String?.self),
            isActive: try row.decode("is_active", as: Bool.self),
            isVerified: try row.decode("is_verified", as: Bool.self),
            isAdministrator: try row.decode("is_admin", as: Bool.self),
            lastLoginAt: try row.decode("last_login_at", as: Date?.self),
            createdAt: try row.decode("created_at", as: Date.self),
            updatedAt: try row.decode("updated_at", as: Date.self))
    }
}
