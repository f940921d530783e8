public import Domain
import Foundation
public import Logging
public import Storage

/// What a client gets that logs in or goes on with its session: the only moment the tokens' texts are known.
public struct SessionTokens: Sendable {
    public let user: UserID
    public let session: SessionID
    public let accessToken: String
    public let accessLifetime: Duration
    public let refreshToken: String
    public let refreshLifetime: Duration
}

/// Opens sessions with a password, goes on with them by refresh token, and ends them.
public struct Sessions: Sendable {
    /// How long a session may rest; each refresh begins it anew.
    public static let refreshLifetime: Duration = .seconds(30 * 86_400)

    private let database: Database
    private let tokens: AccessTokens
    private let gate: PasswordGate
    private let service: Scope
    private let logger: Logger

    /// - Parameter service: the service's own scope, in which sessions are ended.
    public init(database: Database, tokens: AccessTokens, gate: PasswordGate, service: Scope, logger: Logger) {
        self.database = database
        self.tokens = tokens
        self.gate = gate
        self.service = service
        self.logger = logger
    }

    /// Logs in with a user name or an e-mail address and a password.
    /// - Throws: `login_refused` in the same words whatever was wrong, `login_locked` after many failures under this name.
    public func logIn(name: String, password: String) async throws -> SessionTokens {
        let refresh = RandomSecret.random(.refresh)
        let session = SessionDraft(id: SessionID(), refreshSHA256: try refresh.sha256, lifetime: Self.refreshLifetime)
        let user = try await PasswordCheck(database: database, gate: gate).user(name: name, password: password, opening: session)
        return try await answer(user, session.id, refresh)
    }

    /// Exchanges a refresh token for a new pair. A second use of one ends its session: somebody has a copy of it.
    public func refresh(_ presented: String) async throws -> SessionTokens {
        guard let old = RandomSecret(presented, kind: .refresh) else { throw Self.refreshRefused }
        let new = RandomSecret.random(.refresh)
        switch try await database.rotateRefreshToken(try old.sha256, to: try new.sha256, lifetime: Self.refreshLifetime) {
        case .accepted(let user, let session):
            return try await answer(user, session, new)
        case .reused(let user, let session):
            logger.warning(
                "a refresh token was used twice; its session is ended", metadata: ["user": "\(user)", "session": "\(session)"])
            throw Self.refreshRefused
        case .refused:
            throw Self.refreshRefused
        }
    }

    /// Ends the principal's session: neither its access tokens nor its refresh tokens open anything from now on.
    public func logOut(_ principal: Principal) async throws {
        guard let session = principal.session else {
            throw Problem(
                .invalidRequest, code: "no_session", "This request comes with a key and not from a session.",
                remedy: "Revoke a key with POST /v1/keys/{id}/revoke.", parameter: "Authorization")
        }
        try await database.write(service) { try await $0.endSessions(of: principal.userID, only: session) }
    }

    private func answer(_ user: UserID, _ session: SessionID, _ refresh: RandomSecret) async throws -> SessionTokens {
        SessionTokens(
            user: user, session: session, accessToken: try await tokens.issue(user: user, session: session),
            accessLifetime: AccessTokens.lifetime, refreshToken: refresh.text, refreshLifetime: Self.refreshLifetime)
    }

    private static let refreshRefused = Problem(
        .unauthenticated, code: "refresh_refused", "This refresh token is not valid here.", remedy: "Log in at POST /v1/auth/login.",
        parameter: "refresh_token")
}

/// Checks a password, in its turn.
struct PasswordCheck: Sendable {
    let database: Database
    let gate: PasswordGate

    /// Whose name and password these are.
    func user(name: String, password: String, opening session: SessionDraft? = nil) async throws -> UserID {
        let name = try AccountRules.presented(
            AccountRules.normalized(name.trimmingCharacters(in: .whitespaces)), "username", atMost: 1_020)
        let password = try AccountRules.presented(AccountRules.normalized(password), "password", atMost: 4_096)
        let outcome = try await gate.run {
            try await database.authenticatePassword(name: name, password: password, opening: session)
        }
        switch outcome {
        case .accepted(let user):
            return user
        case .refused(let seconds):
            throw Problem(
                .unauthenticated, code: "login_refused", "The name or the password is not right.",
                remedy: seconds > 0 ? "Wait \(seconds) s before the next attempt." : nil, retryAfter: seconds > 0 ? seconds : nil)
        case .locked(let seconds):
            throw Problem(
                .tooManyRequests, code: "login_locked", "There were too many failed attempts under this name.",
                remedy: "Try again in \(seconds) s.", retryAfter: seconds)
        }
    }
}
