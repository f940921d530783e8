public import Domain
public import Foundation
public import Storage

/// Makes, lists and revokes the API keys of a user.
public struct KeyRing: Sendable {
    private let database: Database

    public init(database: Database) {
        self.database = database
    }

    /// Makes a key for the scope's user. A key cannot give what its maker does not have, nor for longer.
    /// - Parameters:
    ///   - assistants: ids or names of those it is bound to; nil for all of the user's.
    ///   - maker: the key that asks for it; nil for a session.
    public func create(
        _ scope: Scope, name: String, permissions: Set<Permission>, assistants: [String]? = nil, expiresAt: Date? = nil,
        maker: APIKeyID? = nil
    ) async throws -> NewAPIKey {
        try await database.write(scope) { transaction in
            try await create(
                in: transaction, name: name, permissions: permissions, assistants: assistants, expiresAt: expiresAt, maker: maker)
        }
    }

    /// As ``create(_:name:permissions:assistants:expiresAt:maker:)``, in the caller's transaction.
    public func create(
        in transaction: Transaction, name: String, permissions: Set<Permission>, assistants: [String]?, expiresAt: Date?, maker: APIKeyID?
    ) async throws -> NewAPIKey {
        try Self.check(transaction.scope, name, permissions, assistants)
        if let maker, let end = try await transaction.key(maker).expiresAt { try Self.check(expiresAt, notAfter: end) }
        let key = APIKey.random()
        var ids: [AssistantID]?
        if let assistants {
            var found: Set<AssistantID> = []
            for reference in assistants { found.insert(try await transaction.assistant(reference).id) }
            ids = found.sorted { $0.description < $1.description }
        }
        let record = try await transaction.insertKey(
            name: name, prefix: key.prefix, secretSHA256: try key.secretSHA256, permissions: permissions, assistants: ids,
            expiresAt: expiresAt)
        return NewAPIKey(record: record, key: key.text)
    }

    private static func check(_ scope: Scope, _ name: String, _ permissions: Set<Permission>, _ assistants: [String]?) throws(Problem) {
        try scope.require(.admin)
        guard !permissions.isEmpty else {
            throw Problem.invalid("scopes", "A key needs at least one of the scopes read, ingest and admin.")
        }
        for permission in permissions { try scope.require(permission) }
        try check(name)
        guard assistants.map({ (1...maximumAssistants).contains($0.count) }) ?? true else {
            throw Problem.invalid("assistants", "A key is bound to 1 to \(maximumAssistants) assistants, or to none.")
        }
        guard scope.assistants == nil || assistants != nil else {
            throw Problem(
                .forbidden, code: "key_bound", "This key is bound to some assistants and cannot make one that reaches all.",
                remedy: "Name the new key's assistants among them, or use a key that is not bound.")
        }
    }

    /// Else whoever has found a key that expires could make it last for ever.
    private static func check(_ expiry: Date?, notAfter end: Date) throws(Problem) {
        guard let expiry, expiry <= end else {
            let seconds = Int(end.timeIntervalSince1970)
            throw Problem(
                .forbidden, code: "key_outlives", "The key that makes this one expires, and none it makes may outlive it.",
                remedy: "Send expires_at with \(seconds) at most, or log in.", parameter: "expires_at")
        }
    }

    /// A page of the user's keys, one more than asked for when there are more.
    public func list(_ scope: Scope, _ query: KeyQuery) async throws -> [APIKeyRecord] {
        try scope.require(.admin)
        return try await database.read(scope) { try await $0.keys(query) }
    }

    /// Revokes a key, effective at once.
    public func revoke(_ scope: Scope, _ id: APIKeyID) async throws {
        try scope.require(.admin)
        try await database.write(scope) { try await $0.revokeKey(id) }
    }

    /// One key.
    public func show(_ scope: Scope, _ id: APIKeyID) async throws -> APIKeyRecord {
        try scope.require(.admin)
        return try await database.read(scope) { try await $0.key(id) }
    }

    /// Gives a key another name; nothing else of a key is ever changed by hand.
    /// - Parameter version: the only version that is changed; nil for any.
    public func rename(_ scope: Scope, _ id: APIKeyID, to name: String, version: String? = nil) async throws -> APIKeyRecord {
        try scope.require(.admin)
        try Self.check(name)
        return try await database.write(scope) { try await $0.renameKey(id, to: name, version: version) }
    }

    /// Removes a key, effective at once, and what is known of it.
    /// - Parameter version: the only version that is removed; nil for any.
    public func delete(_ scope: Scope, _ id: APIKeyID, version: String? = nil) async throws {
        try scope.require(.admin)
        try await database.write(scope) { try await $0.deleteKey(id, version: version) }
    }

    private static let maximumAssistants = 100

    private static func check(_ name: String) throws(Problem) {
        guard (1...100).contains(name.unicodeScalars.count), !name.contains("\0") else {
            throw Problem.invalid("name", "A key's name has 1 to 100 characters.")
        }
    }
}
