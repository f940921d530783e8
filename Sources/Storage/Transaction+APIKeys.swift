public import Domain
public import Foundation
import Postgres

/// What an authenticated key stands for.
public struct KeyPrincipal: Sendable {
    public let keyID: APIKeyID
    public let userID: UserID
    public let permissions: Set<Permission>
    public let assistants: Set<AssistantID>?
}

/// One API key as its owner sees it; the secret is never stored.
public struct APIKeyRecord: Sendable {
    public let id: APIKeyID
    public let userID: UserID
    public let name: String
    public let prefix: String
    public let permissions: [Permission]
    public let assistants: [AssistantID]?
    public let expiresAt: Date?
    public let lastUsedAt: Date?
    public let revokedAt: Date?
    public let createdAt: Date
    /// Changes with each change of the key, but not with its use; the entity tag.
    public let version: String
}

/// Which keys are listed, newest first.
public struct KeyQuery: Sendable {
    public var limit: Int
    /// The last key of the page before.
    public var after: APIKeyID?
    /// Those that are revoked, or those that are not; nil for both.
    public var isRevoked: Bool?

    public init(limit: Int, after: APIKeyID? = nil, isRevoked: Bool? = nil) {
        self.limit = limit
        self.after = after
        self.isRevoked = isRevoked
    }
}

extension Database {
    /// The principal of a live key, found by its public prefix and the SHA-256 of its secret; nil when there is none.
    ///
    /// The only question that is answered before a scope exists; a SECURITY DEFINER function answers it.
    public func authenticateKey(prefix: String, secretSHA256: ContentDigest) async throws -> KeyPrincipal? {
        let rows = try await beforePrincipal(
            """
            SELECT key_id, key_user_id, key_scopes, key_assistant_ids
            FROM authenticate_api_key(\(prefix), \(secretSHA256.bytes))
            """)
        return try rows.first.map { row in
            KeyPrincipal(
                keyID: try row.decode("key_id", as: APIKeyID.self),
                userID: try row.decode("key_user_id", as: UserID.self),
                permissions: Set(try row.decode("key_scopes", as: [String].self).compactMap(Permission.init)),
                assistants: try row.decode("key_assistant_ids", as: [AssistantID]?.self).map(Set.init))
        }
    }
}

extension Transaction {
    /// Of what makes a key, but not of its use, which would change it once a minute.
    private static let keyVersion: SQL =
        "md5(jsonb_build_array(name, scopes, assistant_ids, expires_at, revoked_at)::text)"
    private static let keyColumns: SQL =
        "id, user_id, name, prefix, scopes, assistant_ids, expires_at, last_used_at, revoked_at, created_at, \(keyVersion) AS version"

    /// The keys in the scope's reach: all of its user's or, when it is bound to assistants, those bound to no others.
    private var reachable: SQL {
        scope.assistants.map { "user_id = current_user_id() AND assistant_ids <@ \(Array($0))" } ?? "user_id = current_user_id()"
    }

    /// Stores a key of the scope's user by its prefix and the hash of its secret.
    /// - Parameter assistants: those the key is bound to, each looked up under this scope before; nil for all.
    public func insertKey(
        name: String, prefix: String, secretSHA256: ContentDigest, permissions: Set<Permission>, assistants: [AssistantID]?,
        expiresAt: Date?
    ) async throws -> APIKeyRecord {
        let scopes = permissions.map(\.rawValue).sorted()
        let rows = try await connection.query(
            """
            INSERT INTO api_keys (user_id, name, prefix, secret_sha256, scopes, assistant_ids, expires_at)
            VALUES (\(try scope.userID), \(name), \(prefix), \(secretSHA256.bytes), \(scopes), \(assistants), \(expiresAt))
            RETURNING \(Self.keyColumns)
            """)
        guard let row = rows.first else {
            throw Problem(.internalFault, code: "key_not_stored", "The key was not stored.")
        }
        return try APIKeyRecord(row)
    }

    /// A page of the keys in reach, one more than asked for when there are more.
    public func keys(_ query: KeyQuery) async throws -> [APIKeyRecord] {
        var conditions = [reachable]
        if let isRevoked = query.isRevoked { conditions.append("(revoked_at IS NOT NULL) = \(isRevoked)") }
        if let after = query.after {
            try await requireAnchor(after, in: "api_keys WHERE \(reachable) AND id = \(after)")
            conditions.append("(created_at, id) < (SELECT created_at, id FROM api_keys WHERE id = \(after))")
        }
        return try await connection.query(
            """
            SELECT \(Self.keyColumns) FROM api_keys WHERE \(conditions.joined(separator: " AND "))
            ORDER BY created_at DESC, id DESC LIMIT \(query.limit + 1)
            """
        ).map(APIKeyRecord.init)
    }

    /// Revokes a key, effective with the next request that shows it.
    public func revokeKey(_ id: APIKeyID) async throws {
        let changed = try await connection.execute(
            "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE \(reachable) AND id = \(id)")
        guard changed == 1 else { throw Problem.notFound("key", id.description) }
    }

    /// The key with this id.
    public func key(_ id: APIKeyID) async throws -> APIKeyRecord {
        let rows = try await connection.query(
            "SELECT \(Self.keyColumns) FROM api_keys WHERE \(reachable) AND id = \(id)")
        guard let row = rows.first else { throw Problem.notFound("key", id.description) }
        return try APIKeyRecord(row)
    }

    /// Gives a key another name.
    /// - Parameter version: the only version that is changed; nil for any.
    /// - Throws: `precondition_failed` when the key is at another version.
    public func renameKey(_ id: APIKeyID, to name: String, version: String?) async throws -> APIKeyRecord {
        let rows = try await connection.query(
            """
            UPDATE api_keys SET name = \(name)
            WHERE \(reachable) AND id = \(id) AND (\(version)::text IS NULL OR \(Self.keyVersion) = \(version))
            RETURNING \(Self.keyColumns)
            """)
        guard let row = rows.first else { throw try await whyUnchanged(id) }
        return try APIKeyRecord(row)
    }

    /// Removes a key and what is known of it. `version` as in ``renameKey(_:to:version:)``.
    public func deleteKey(_ id: APIKeyID, version: String?) async throws {
        let gone = try await connection.execute(
            """
            DELETE FROM api_keys WHERE \(reachable) AND id = \(id) AND (\(version)::text IS NULL OR \(Self.keyVersion) = \(version))
            """)
        guard gone == 1 else { throw try await whyUnchanged(id) }
    }

    private func whyUnchanged(_ id: APIKeyID) async throws -> Problem {
        _ = try await key(id)
        return Problem.versionChanged("key")
    }
}

extension APIKeyRecord {
    fileprivate init(_ row: PostgresRow) throws {
        id = try row.decode("id", as: APIKeyID.self)
        userID = try row.decode("user_id", as: UserID.self)
        name = try row.decode("name", as: String.self)
        prefix = try row.decode("prefix", as: String.self)
        permissions = try row.decode("scopes", as: [String].self).compactMap(Permission.init)
        assistants = try row.decode("assistant_ids", as: [AssistantID]?.self)
        expiresAt = try row.decode("expires_at", as: Date?.self)
        lastUsedAt = try row.decode("last_used_at", as: Date?.self)
        revokedAt = try row.decode("revoked_at", as: Date?.self)
        createdAt = try row.decode("created_at", as: Date.self)
        version = try row.decode("version", as: String.self)
    }
}
