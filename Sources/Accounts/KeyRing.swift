public import Domain
public import Foundation
public import Storage

/// Makes, lists and revokes the API keys of a user.
public struct KeyRing: Sendable {
    private let database: Database

    public init(database: Database) {
        self.database = database
    }

    /// Makes a key for the scope's user. A key cannot give what its maker does not have.
    public func create(
        _ scope: Scope, name: String, permissions: Set<Permission>, expiresAt: Date? = nil
    ) async throws -> NewAPIKey {
        try scope.require(.admin)
        guard !permissions.isEmpty else {
            throw Problem.invalid("scopes", "A key needs at least one of the scopes read, ingest and admin.")
        }
        guard (1...100).contains(name.count) else {
            throw Problem.invalid("name", "A key's name has 1 to 100 characters.")
        }
        let key = APIKey.random()
        let digest = try key.secretSHA256
        let record = try await database.write(scope) {
            try await $0.insertKey(name: name, prefix: key.prefix, secretSHA256: digest, permissions: permissions, expiresAt: expiresAt)
        }
        return NewAPIKey(id: record.id, key: key.text, user: record.userID, permissions: record.permissions)
    }

    /// The user's keys, newest first.
    public func list(_ scope: Scope) async throws -> [APIKeyRecord] {
        try scope.require(.admin)
        return try await database.read(scope) { try await $0.keys() }
    }

    /// Revokes a key, effective at once.
    public func revoke(_ scope: Scope, _ id: APIKeyID) async throws {
        try scope.require(.admin)
        try await database.write(scope) { try await $0.revokeKey(id) }
    }
}
