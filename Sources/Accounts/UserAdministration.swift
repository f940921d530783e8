public import Domain
import Foundation
public import Logging
public import Storage

/// An account an administrator has made, with the one-time tokens to hand to its user.
public struct NewAccount: Sendable {
    public let account: Account
    /// Verifies the address; nil when the administrator vouched for it.
    public let verification: OneTimeToken?
    /// Sets the first password; nil when the administrator set one.
    public let password: OneTimeToken?
}

/// What administrators do with the accounts of the installation.
public struct UserAdministration: Sendable {
    private let database: Database
    private let gate: PasswordGate
    private let service: Scope
    private let logger: Logger

    /// - Parameter service: the service's own scope, used once the caller is known to be an administrator.
    public init(database: Database, gate: PasswordGate, service: Scope, logger: Logger) {
        self.database = database
        self.gate = gate
        self.service = service
        self.logger = logger
    }

    /// Throws unless the scope's user administers the installation at this moment, and the scope stands for all of theirs.
    /// A key that lacks the permission is told so, whoever it belongs to.
    public func requireAdministrator(_ scope: Scope) async throws {
        try scope.require(.admin)
        guard try await isAdministrator(scope) else { throw Self.administratorRequired }
    }

    private static let administratorRequired = Problem(
        .forbidden, code: "administrator_required", "Only administrators of this installation may do this.", remedy: "Ask one of them.")

    /// The scope of the system user, who owns what is built in and shared, for an administrator.
    /// - Throws: as ``requireAdministrator(_:)``.
    public func sharedScope(for scope: Scope) async throws -> Scope {
        try await requireAdministrator(scope)
        return try service.acting(for: .system)
    }

    /// As ``sharedScope(for:)``, but nil for whoever is no administrator.
    public func sharedScope(ifAdministrator scope: Scope) async throws -> Scope? {
        guard try await isAdministrator(scope) else { return nil }
        return try service.acting(for: .system)
    }

    private func isAdministrator(_ scope: Scope) async throws -> Bool {
        try await database.read(scope) { try await isAdministrator(in: $0) }
    }

    private func isAdministrator(in transaction: Transaction) async throws -> Bool {
        guard transaction.scope.permissions.contains(.admin), transaction.scope.assistants == nil else { return false }
        return try await transaction.isAdministrator()
    }

    /// A page of accounts, one more than asked for when there are more.
    public func list(_ scope: Scope, _ query: AccountQuery) async throws -> [Account] {
        try await requireAdministrator(scope)
        return try await database.read(service) { try await $0.accounts(query) }
    }

    /// An account by its id, user name or e-mail address.
    public func show(_ scope: Scope, _ reference: String) async throws -> Account {
        try await requireFor(reference, scope)
        return try await database.read(service) { try await $0.account(reference) }
    }

    /// Makes an account. Without a password, a one-time token sets the first one.
    public func create(_ scope: Scope, _ draft: AccountDraft) async throws -> NewAccount {
        try await creating(scope, draft) { service, make in try await database.write(service, make) }
    }

    /// As ``create(_:_:)``, with more to do in the account's transaction.
    /// - Parameter body: opens a transaction of the scope it is given, the service's, and calls what it is given in it, once.
    public func creating<R: Sendable>(
        _ scope: Scope, _ draft: AccountDraft, _ body: (Scope, @Sendable (Transaction) async throws -> NewAccount) async throws -> R
    ) async throws -> R {
        try await requireAdministrator(scope)
        let draft = try AccountRules.checked(draft)
        return try await inTurn(draft.password != nil) {
            try await body(service) { try await Self.make(draft, in: $0) }
        }
    }

    private static func make(_ draft: AccountDraft, in transaction: Transaction) async throws -> NewAccount {
        let (verification, password) = (RandomSecret.random(.oneTime), RandomSecret.random(.oneTime))
        let account = try await transaction.insertAccount(draft)
        if !draft.isVerified {
            try await transaction.insertAccountToken(
                try verification.sha256, for: account.id, .verifyEmail, lifetime: OneTimeTokens.verificationLifetime)
        }
        if draft.password == nil {
            try await transaction.insertAccountToken(
                try password.sha256, for: account.id, .resetPassword, lifetime: OneTimeTokens.resetLifetime)
        }
        return NewAccount(
            account: account,
            verification: draft.isVerified
                ? nil : OneTimeTokens.token(verification, .verifyEmail, lifetime: OneTimeTokens.verificationLifetime),
            password: draft.password == nil ? OneTimeTokens.token(password, .resetPassword, lifetime: OneTimeTokens.resetLifetime) : nil)
    }

    /// Changes an account; deactivating and taking the administrator's rights is effective with the user's next request.
    /// - Parameter version: the only version that is changed; nil for any.
    public func update(_ scope: Scope, _ reference: String, _ changes: AccountChanges, version: String? = nil) async throws -> Account {
        try await requireFor(reference, scope)
        let changes = try AccountRules.checked(changes)
        return try await database.write(service) { transaction in
            let account = try await transaction.account(reference)
            guard !account.id.isBuiltIn else { throw OneTimeTokens.builtIn }
            return try await transaction.updateAccount(account.id, changes, version: version)
        }
    }

    /// A one-time token with which the user sets a new password.
    public func issueReset(_ scope: Scope, _ reference: String) async throws -> (account: Account, token: OneTimeToken) {
        try await requireFor(reference, scope)
        let secret = RandomSecret.random(.oneTime)
        let digest = try secret.sha256
        let account = try await database.write(service) { transaction in
            let account = try await transaction.account(reference)
            guard !account.id.isBuiltIn else { throw OneTimeTokens.builtIn }
            try await transaction.insertAccountToken(digest, for: account.id, .resetPassword, lifetime: OneTimeTokens.resetLifetime)
            return account
        }
        return (account, OneTimeTokens.token(secret, .resetPassword, lifetime: OneTimeTokens.resetLifetime))
    }

    /// Sets the password of an account, which ends all its sessions, and its keys if told to.
    public func setPassword(
        _ scope: Scope, _ reference: String, to password: String, revokingKeys: Bool
    ) async throws -> (account: Account, keys: SettledKeys) {
        let account = try await show(scope, reference)
        guard !account.id.isBuiltIn else { throw OneTimeTokens.builtIn }
        let password = try AccountRules.newPassword(password, username: account.username, email: account.email)
        let keys = try await gate.run {
            try await database.write(service) { transaction in
                try await transaction.setPassword(password, of: account.id, keeping: nil)
                return try await transaction.settleKeys(of: account.id, revoking: revokingKeys)
            }
        }
        let administrator = try scope.userID
        logger.notice("a password was set by an administrator", metadata: ["user": "\(account.id)", "by": "\(administrator)"])
        return (account, keys)
    }

    /// Deletes an account with everything of its own.
    public func delete(_ scope: Scope, _ reference: String) async throws -> (account: Account, receipt: DeletionReceipt) {
        try await requireFor(reference, scope)
        let (account, receipt) = try await database.write(service) { transaction in
            let account = try await transaction.account(reference)
            return (account, try await transaction.deleteAccount(account.id))
        }
        let administrator = try scope.userID
        logger.notice("an account was deleted by an administrator", metadata: ["user": "\(account.id)", "by": "\(administrator)"])
        return (account, receipt)
    }

    /// For whoever is no administrator no account exists, whosever the reference is.
    private func requireFor(_ reference: String, _ scope: Scope) async throws {
        guard try await isAdministrator(scope) else { throw Problem.notFound("user", reference) }
    }

    private func inTurn<R: Sendable>(_ hashes: Bool, _ body: () async throws -> R) async throws -> R {
        hashes ? try await gate.run(body) : try await body()
    }
}
