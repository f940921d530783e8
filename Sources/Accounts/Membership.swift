public import Domain
import Foundation
public import Logging
public import Storage

/// A one-time token just made: the only moment its text is known.
public struct OneTimeToken: Sendable {
    public let text: String
    public let purpose: AccountTokenPurpose
    public let expiresAt: Date

    /// Where it is shown, on any of the service's addresses.
    public var link: String {
        switch purpose {
        case .verifyEmail: "/v1/auth/verify?token=\(text)"
        case .resetPassword: "/v1/auth/reset?token=\(text)"
        case .setUp: "/v1/setup?token=\(text)"
        }
    }
}

/// What people do with their own accounts, from the first registration to the end.
public struct Membership: Sendable {
    private let database: Database
    private let gate: PasswordGate
    private let service: Scope
    private let logger: Logger

    /// - Parameter service: the service's own scope, in which accounts are changed once their users have been checked.
    public init(database: Database, gate: PasswordGate, service: Scope, logger: Logger) {
        self.database = database
        self.gate = gate
        self.service = service
        self.logger = logger
    }

    /// Makes an account for whoever asks, while `registration_open` is set. The link that verifies the address goes to the log, because
    /// there is no sender of mail.
    public func register(_ draft: AccountDraft) async throws -> UserID {
        let draft = try AccountRules.checked(draft)
        let token = RandomSecret.random(.oneTime)
        let digest = try token.sha256
        let made = try await gate.run {
            try await database.register(draft, verification: digest, lifetime: OneTimeTokens.verificationLifetime)
        }
        guard let made else {
            throw Problem(
                .forbidden, code: "registration_closed", "Registration is closed here.", remedy: "Ask an administrator for an account.")
        }
        OneTimeTokens(logger: logger).announce(token, .verifyEmail, for: made, lifetime: OneTimeTokens.verificationLifetime)
        return made
    }

    /// Verifies an e-mail address by its one-time token.
    public func verify(token: String) async throws {
        guard try await database.verifyEmail(token: try OneTimeTokens.digest(token)) != nil else { throw OneTimeTokens.refused }
    }

    /// Sets a password anew by a one-time token of an administrator; all sessions of the user end, and their keys if told to.
    @discardableResult
    public func reset(token: String, to password: String, revokingKeys: Bool = false) async throws -> SettledKeys {
        let password = try AccountRules.newPassword(password)
        let digest = try OneTimeTokens.digest(token)
        let reset = try await gate.run { try await database.resetPassword(token: digest, to: password, revokingKeys: revokingKeys) }
        guard let (user, keys) = reset else { throw OneTimeTokens.refused }
        logger.notice("a password was reset", metadata: ["user": "\(user)", "keys_revoked": "\(keys.revoked)"])
        return keys
    }

    /// The principal's own account.
    public func show(_ scope: Scope) async throws -> Account {
        try scope.require(.read)
        return try await database.read(scope) { try await $0.ownAccount() }
    }

    /// Changes names and address of the own account. A new address has to be verified again.
    /// - Parameter version: the only version that is changed; nil for any.
    public func update(_ scope: Scope, _ changes: AccountChanges, version: String? = nil) async throws -> Account {
        let id = try Self.requireOwner(scope)
        let changes = try AccountRules.checked(
            AccountChanges(
                username: changes.username, email: changes.email, firstName: changes.firstName, lastName: changes.lastName))
        try Self.refuseBuiltIn(id)
        let before = try await show(scope)
        let needsVerification = changes.email.map { $0.lowercased() != before.email.lowercased() } ?? false
        let token = RandomSecret.random(.oneTime)
        let digest = try token.sha256
        let account = try await database.write(service) { transaction in
            let account = try await transaction.updateAccount(id, changes, version: version)
            if needsVerification {
                try await transaction.insertAccountToken(digest, for: id, .verifyEmail, lifetime: OneTimeTokens.verificationLifetime)
            }
            return account
        }
        if needsVerification {
            OneTimeTokens(logger: logger).announce(token, .verifyEmail, for: id, lifetime: OneTimeTokens.verificationLifetime)
        }
        return account
    }

    /// Changes the own password, for which the old one is needed; every other session of the user ends, and the keys if told to.
    @discardableResult
    public func changePassword(
        _ principal: Principal, from old: String, to new: String, revokingKeys: Bool = false
    ) async throws -> SettledKeys {
        let id = try Self.requireOwner(principal.scope)
        let account = try await confirm(principal.scope, password: old)
        let new = try AccountRules.newPassword(new, username: account.username, email: account.email, parameter: "new_password")
        return try await gate.run {
            try await database.write(service) { transaction in
                try await transaction.setPassword(new, of: id, keeping: principal.session)
                return try await transaction.settleKeys(of: id, revoking: revokingKeys)
            }
        }
    }

    /// Closes the own account for the time being: no key, token or password opens it until an administrator opens it again.
    public func deactivate(_ scope: Scope) async throws {
        let id = try Self.requireOwner(scope)
        _ = try await database.write(service) { try await $0.updateAccount(id, AccountChanges(isActive: false)) }
        logger.notice("an account was deactivated by its user", metadata: ["user": "\(id)"])
    }

    /// Deletes the own account with everything of its own, once its password has been shown.
    public func delete(_ scope: Scope, password: String) async throws -> DeletionReceipt {
        let id = try Self.requireOwner(scope)
        try Self.refuseBuiltIn(id)
        _ = try await confirm(scope, password: password)
        let receipt = try await database.write(service) { try await $0.deleteAccount(id) }
        logger.notice("an account was deleted by its user", metadata: ["user": "\(id)"])
        return receipt
    }

    /// The own account, when the password is its own. Counts against the lock like a log-in.
    private func confirm(_ scope: Scope, password: String) async throws -> Account {
        let account = try await show(scope)
        let shown = try await PasswordCheck(database: database, gate: gate).user(name: account.username, password: password)
        guard shown == account.id else {
            throw Problem(.conflict, code: "account_changed", "The account was changed meanwhile.", remedy: "Try again.")
        }
        return account
    }

    /// The user behind a scope that stands for all of what is theirs.
    private static func requireOwner(_ scope: Scope) throws(Problem) -> UserID {
        try scope.require(.admin)
        guard scope.assistants == nil else {
            throw Problem(
                .forbidden, code: "key_bound", "This key is bound to some assistants and does not stand for the account.",
                remedy: "Log in, or use a key that is not bound.")
        }
        return try scope.userID
    }

    private static func refuseBuiltIn(_ id: UserID) throws(Problem) {
        guard !id.isBuiltIn else { throw OneTimeTokens.builtIn }
    }
}
