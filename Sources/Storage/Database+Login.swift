public import Domain
import Postgres

/// How an attempt to log in ended.
public enum LoginOutcome: Sendable, Equatable {
    case accepted(UserID)
    /// Unknown name, wrong password or an account that is not active: which of them is not told. From the fifth failure on the name
    /// is locked for some seconds.
    case refused(lockedSeconds: Int)
    /// The name is locked; the password was not looked at.
    case locked(seconds: Int)
}

/// How an attempt to go on with a session ended.
public enum RotationOutcome: Sendable, Equatable {
    case accepted(UserID, SessionID)
    case refused
    /// The token had been used before: somebody has a copy of it, and the session is over.
    case reused(UserID, SessionID)
}

/// A session to be opened by a log-in: the family and the first of its refresh tokens.
public struct SessionDraft: Sendable {
    public let id: SessionID
    public let refreshSHA256: ContentDigest
    public let lifetime: Duration

    public init(id: SessionID, refreshSHA256: ContentDigest, lifetime: Duration) {
        self.id = id
        self.refreshSHA256 = refreshSHA256
        self.lifetime = lifetime
    }
}

/// The questions that are answered before a principal exists, each by a function that runs as the owner.
extension Database {
    /// Checks a password for a user name or an e-mail address, at the cost of one bcrypt comparison whatever the answer; opens the
    /// session when one is given.
    public func authenticatePassword(name: String, password: String, opening session: SessionDraft?) async throws -> LoginOutcome {
        let rows = try await beforePrincipal(
            """
            SELECT outcome, found_user_id, retry_after_seconds FROM authenticate_password(
                \(name), \(password), \(session?.id), \(session?.refreshSHA256.bytes),
                \(session?.lifetime.components.seconds) * interval '1 second')
            """, isLookUp: false)
        guard let row = rows.first else { return .refused(lockedSeconds: 0) }
        let seconds = try row.decode("retry_after_seconds", as: Int32.self)
        switch try row.decode("outcome", as: String.self) {
        case "ok": return .accepted(try row.decode("found_user_id", as: UserID.self))
        case "locked": return .locked(seconds: Int(seconds))
        default: return .refused(lockedSeconds: Int(seconds))
        }
    }

    /// Exchanges a refresh token for its successor; a second use of one ends its session.
    public func rotateRefreshToken(
        _ old: ContentDigest, to new: ContentDigest, lifetime: Duration
    ) async throws -> RotationOutcome {
        let rows = try await beforePrincipal(
            """
            SELECT outcome, found_user_id, found_family_id
            FROM rotate_refresh_token(\(old.bytes), \(new.bytes), \(lifetime.components.seconds) * interval '1 second')
            """, isLookUp: false)
        guard let row = rows.first, let user = try row.decode("found_user_id", as: UserID?.self),
            let session = try row.decode("found_family_id", as: SessionID?.self)
        else { return .refused }
        return try row.decode("outcome", as: String.self) == "ok" ? .accepted(user, session) : .reused(user, session)
    }

    /// Whether the user is active and the session still open.
    public func isInGoodStanding(_ user: UserID, session: SessionID) async throws -> Bool {
        let rows = try await beforePrincipal("SELECT is_active AND is_session_open AS stands FROM account_standing(\(user), \(session))")
        return try rows.first?.decode("stands", as: Bool.self) ?? false
    }

    /// Makes an account while registration is open, with the hash of the token that verifies its address; nil when it is closed.
    public func register(_ draft: AccountDraft, verification: ContentDigest, lifetime: Duration) async throws -> UserID? {
        let rows = try await beforePrincipal(
            """
            SELECT register_account(
                \(draft.username), \(draft.email), \(draft.password), \(draft.firstName), \(draft.lastName), \(verification.bytes),
                \(lifetime.components.seconds) * interval '1 second') AS id
            """, isLookUp: false)
        return try rows.first?.decode("id", as: UserID?.self) ?? nil
    }

    /// Takes a one-time token and marks its user's e-mail address as verified; nil when the token is no good.
    public func verifyEmail(token: ContentDigest) async throws -> UserID? {
        try await spend("SELECT verify_email(\(token.bytes)) AS id")
    }

    /// Takes a one-time token and sets its user's password, which ends all their sessions and, if told to, their keys; nil when the token
    /// is no good.
    public func resetPassword(token: ContentDigest, to password: String, revokingKeys: Bool) async throws -> (UserID, SettledKeys)? {
        let rows = try await beforePrincipal(
            "SELECT reset_user_id, revoked_keys, valid_keys FROM reset_password(\(token.bytes), \(password), \(revokingKeys))",
            isLookUp: false)
        return try rows.first.map { (try $0.decode("reset_user_id", as: UserID.self), try SettledKeys($0)) }
    }

    /// Takes the set-up token and makes the first administrator; nil when the token is no good or there is an administrator by now.
    public func setUpAdministrator(token: ContentDigest, _ draft: AccountDraft) async throws -> UserID? {
        try await spend(
            "SELECT set_up_administrator(\(token.bytes), \(draft.username), \(draft.email), \(draft.password)) AS id")
    }

    private func spend(_ statement: SQL) async throws -> UserID? {
        try await beforePrincipal(statement, isLookUp: false).first?.decode("id", as: UserID?.self) ?? nil
    }
}
