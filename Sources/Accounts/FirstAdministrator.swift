public import Domain
import Foundation
public import Logging
public import Storage

/// How an installation comes by its first administrator: by a one-time link, or by a password from the configuration. There is never a
/// password that somebody else could know.
public struct FirstAdministrator: Sendable {
    private let database: Database
    private let gate: PasswordGate
    private let service: Scope
    private let logger: Logger

    /// - Parameter service: the service's own scope.
    public init(database: Database, gate: PasswordGate, service: Scope, logger: Logger) {
        self.database = database
        self.gate = gate
        self.service = service
        self.logger = logger
    }

    /// A fresh set-up token when nobody can log in and administer; nil when somebody can.
    /// - Parameter password: makes the user `admin` with it instead, once; nothing while there is an administrator.
    public func prepare(password: String?) async throws -> OneTimeToken? {
        guard try await !database.read(service, { try await $0.administratorExists() }) else { return nil }
        let secret = RandomSecret.random(.oneTime)
        let digest = try secret.sha256
        try await database.write(service) {
            try await $0.insertAccountToken(digest, for: .system, .setUp, lifetime: OneTimeTokens.setUpLifetime)
        }
        guard let password else { return OneTimeTokens.token(secret, .setUp, lifetime: OneTimeTokens.setUpLifetime) }
        do {
            _ = try await setUp(token: secret.text, AccountDraft(username: "admin", email: "admin@bunko.invalid", password: password))
            logger.notice("the administrator was made with the configured password", metadata: ["username": "admin"])
        } catch let problem as Problem where problem.code == OneTimeTokens.refused.code {
            // Another replica was faster.
            logger.debug("there is an administrator by now")
        } catch let problem as Problem where problem.kind == .invalidRequest || problem.kind == .conflict {
            throw Problem(
                .configuration, code: "administrator_not_made", "The administrator cannot be made: \(problem.detail)",
                remedy: problem.remedy ?? "Set another password, or unset it and use the one-time link.",
                parameter: "BUNKO_ADMIN_PASSWORD", underlying: problem)
        }
        return nil
    }

    /// Makes the first administrator by the one-time token.
    public func setUp(token: String, _ draft: AccountDraft) async throws -> UserID {
        let draft = try AccountRules.checked(draft)
        let digest = try OneTimeTokens.digest(token)
        let made = try await gate.run { try await database.setUpAdministrator(token: digest, draft) }
        guard let made else { throw OneTimeTokens.refused }
        logger.notice("the first administrator was made", metadata: ["user": "\(made)"])
        return made
    }
}
