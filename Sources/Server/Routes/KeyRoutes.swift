import Accounts
import Domain
import Foundation
import Hummingbird
import Storage

/// `/v1/keys`: make, list, revoke. Needs the permission `admin`.
struct KeyRoutes: Sendable {
    let keys: KeyRing

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.post("keys", use: create)
        group.get("keys", use: list)
        group.delete("keys/:key", use: revoke)
    }

    struct CreateRequest: Decodable {
        let name: String?
        let scopes: [Permission]?
        let expires_in_days: Int?
    }

    /// The only answer that ever shows the key.
    struct NewKeyBody: Encodable, Sendable {
        let id: String
        let object = "key"
        let key: String
        let user: String
        let scopes: [Permission]
    }

    struct KeyBody: Encodable, Sendable {
        let id: String
        let object = "key"
        let name: String
        let prefix: String
        let scopes: [Permission]
        let created_at: Int
        let expires_at: Int?
        let last_used_at: Int?
        let revoked_at: Int?
    }

    @Sendable
    func create(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<NewKeyBody> {
        let body = try await request.json(CreateRequest.self)
        if let days = body.expires_in_days, !(1...3_650).contains(days) {
            throw Problem.invalid("expires_in_days", "expires_in_days is \(days); it must be between 1 and 3650.")
        }
        let made = try await keys.create(
            try context.scope, name: body.name ?? "key", permissions: Set(body.scopes ?? [.read, .ingest]),
            expiresAt: body.expires_in_days.map { Date(timeIntervalSinceNow: Double($0) * 86_400) })
        return JSONResponse(
            NewKeyBody(id: made.id.description, key: made.key, user: made.user.description, scopes: made.permissions), status: .created)
    }

    @Sendable
    func list(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Page<KeyBody>> {
        let rows = try await keys.list(try context.scope)
        return JSONResponse(Page(rows.map(KeyBody.init), limit: rows.count, id: \.id))
    }

    @Sendable
    func revoke(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let id = try context.pathID("key", as: APIKeyID.self)
        try await keys.revoke(try context.scope, id)
        return JSONResponse(Deletion(id: id.description, object: "key.deleted"))
    }
}

extension KeyRoutes.KeyBody {
    fileprivate init(_ record: APIKeyRecord) {
        id = record.id.description
        name = record.name
        prefix = record.prefix
        scopes = record.permissions
        created_at = Int(record.createdAt.timeIntervalSince1970)
        expires_at = record.expiresAt.map { Int($0.timeIntervalSince1970) }
        last_used_at = record.lastUsedAt.map { Int($0.timeIntervalSince1970) }
        revoked_at = record.revokedAt.map { Int($0.timeIntervalSince1970) }
    }
}
