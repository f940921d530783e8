import Crypto
@_spi(ScopeMaking) import Domain
import Foundation
public import Storage

/// Turns credentials into principals, and so into scopes: the only place that does.
public struct Authenticator: Sendable {
    private let database: Database
    private let tokens: AccessTokens?
    private let localAdministrator: LocalAdministrator?

    /// - Parameters:
    ///   - tokens: reads access tokens; nil: only keys are let in.
    ///   - localAdministrator: the token this process wrote into its data folder for commands on the same machine.
    public init(database: Database, tokens: AccessTokens? = nil, localAdministrator: LocalAdministrator? = nil) {
        self.database = database
        self.tokens = tokens
        self.localAdministrator = localAdministrator
    }

    /// Checks an `Authorization` header: `Bearer bk_…`, an access token, or the local administrator's token.
    /// - Throws: `unauthenticated`, in the same words for an unknown, wrong, expired and revoked key, and for every access token that is
    ///   not ours or whose session or user is no longer let in.
    public func authenticate(authorization: String?) async throws -> Principal {
        guard let authorization, !authorization.isEmpty else {
            throw Problem(
                .unauthenticated, code: "key_missing", "This request carries no API key.",
                remedy: "Send it as \"Authorization: Bearer bk_…\"; `bunko key create` makes one.", parameter: "Authorization")
        }
        guard let token = Self.bearerToken(authorization) else { throw Self.wrongKey }
        if let localAdministrator, localAdministrator.matches(token) {
            return Principal(
                scope: Scope(user: .local, permissions: Set(Permission.allCases)), userID: .local, label: "local administrator")
        }
        if let tokens, AccessTokens.isToken(token) { return try await principal(ofSession: tokens.read(token)) }
        guard let key = APIKey(token),
            let found = try await database.authenticateKey(prefix: key.prefix, secretSHA256: key.secretSHA256)
        else { throw Self.wrongKey }
        return Principal(
            scope: Scope(user: found.userID, permissions: found.permissions, assistants: found.assistants), userID: found.userID,
            label: "key \(key.prefix)", key: found.keyID)
    }

    /// A session does what its user may do with what is their own. Asked of the database with each request, so that logging out and
    /// deactivating are effective at once.
    private func principal(ofSession token: (user: UserID, session: SessionID)) async throws -> Principal {
        guard try await database.isInGoodStanding(token.user, session: token.session) else { throw AccessTokens.invalid }
        return Principal(
            scope: Scope(user: token.user, permissions: Set(Permission.allCases)), userID: token.user,
            label: "session \(token.session.description.prefix(8))", session: token.session)
    }

    private static func bearerToken(_ header: String) -> String? {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1]).trimmingCharacters(in: .whitespaces)
    }

    private static let wrongKey = Problem(
        .unauthenticated, code: "key_invalid", "This API key is not valid here.",
        remedy: "Check the key; `bunko key list` shows which exist and `bunko key create` makes a new one.", parameter: "Authorization")
}

/// A random token that lives as long as the process, written to `server.json` (mode 0600) for commands on the same machine.
public struct LocalAdministrator: Sendable {
    /// 64 hexadecimal digits.
    public let token: String

    /// A fresh token from the system's random generator.
    public init() {
        token = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }.hexadecimal
    }

    func matches(_ presented: String) -> Bool {
        // Hashes are compared, so that the time taken tells nothing of the token.
        SHA256.hash(data: Data(presented.utf8)) == SHA256.hash(data: Data(token.utf8))
    }
}
