import Accounts
import Domain
import Foundation
import Hummingbird
import Storage

/// `/v1/keys`: make, list, get, rename, revoke, delete. Needs the permission `admin`. The list is narrowed by `revoked`; renaming and
/// deleting take an `If-Match`.
struct KeyRoutes: Sendable {
    let keys: KeyRing
    let database: Database

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.post("keys", use: create)
        group.get("keys", use: list)
        group.get("keys/:key", use: get)
        group.patch("keys/:key", use: rename)
        group.post("keys/:key/revoke", use: revoke)
        group.delete("keys/:key", use: delete)
    }

    struct CreateRequest: Decodable {
        let name: String?
        let scopes: [Permission]?
        /// Ids or names.
        let assistants: [String]?
        let expires_in_days: Int?
        /// Seconds since 1970.
        let expires_at: Int?
    }

    struct RenameRequest: Decodable {
        let name: String
    }

    /// The only answer that ever shows the key. Repeated with its Idempotency-Key it holds null there: the key is kept nowhere.
    struct NewKeyBody: Encodable, Sendable {
        let id: String
        let object = "key"
        @Nullable var key: String?
        let user: String
        let scopes: [Permission]
        let assistant_ids: [String]?
        let expires_at: Int?

        /// - Parameter showsKey: false for what is kept.
        init(_ made: NewAPIKey, showsKey: Bool) {
            id = made.id.description
            _key = Nullable(wrappedValue: showsKey ? made.key : nil)
            user = made.record.userID.description
            scopes = made.record.permissions
            assistant_ids = made.assistants?.map(\.description)
            expires_at = made.record.expiresAt.map { Int($0.timeIntervalSince1970) }
        }
    }

    struct KeyBody: Encodable, Sendable {
        let id: String
        let object = "key"
        let name: String
        let prefix: String
        let scopes: [Permission]
        /// Absent: the key reaches all assistants of its user.
        let assistant_ids: [String]?
        let created_at: Int
        let expires_at: Int?
        let last_used_at: Int?
        let revoked_at: Int?
    }

    @Sendable
    func create(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let caller = try context.caller
        let members = try await request.members()
        let body = try JSON.decode(CreateRequest.self, from: JSON.encode(members))
        return try await IdempotentWrite(database: database).create(request, members, scope: caller.scope) { transaction in
            let made = try await keys.create(
                in: transaction, name: body.name ?? "key", permissions: Set(body.scopes ?? [.read, .ingest]),
                assistants: body.assistants, expiresAt: try body.expiry, maker: caller.key)
            return Creation(NewKeyBody(made, showsKey: true), kept: NewKeyBody(made, showsKey: false))
        }
    }

    @Sendable
    func list(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Page<KeyBody>> {
        let query = KeyQuery(
            limit: try request.number("limit", default: 100, in: 1...1_000), after: try request.identifier("after", as: APIKeyID.self),
            isRevoked: try request.flag("revoked"))
        return JSONResponse(Page(try await keys.list(try context.scope, query).map(KeyBody.init), limit: query.limit, id: \.id))
    }

    @Sendable
    func get(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        ResourceResponse(try await keys.show(try context.scope, try context.pathID("key", as: APIKeyID.self)))
    }

    @Sendable
    func rename(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let id = try context.pathID("key", as: APIKeyID.self)
        let version = try request.expectedVersion()
        let body = try await request.json(RenameRequest.self)
        return ResourceResponse(try await keys.rename(try context.scope, id, to: body.name, version: version))
    }

    @Sendable
    func revoke(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let id = try context.pathID("key", as: APIKeyID.self)
        try await keys.revoke(try context.scope, id)
        return ResourceResponse(try await keys.show(try context.scope, id))
    }

    @Sendable
    func delete(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let id = try context.pathID("key", as: APIKeyID.self)
        try await keys.delete(try context.scope, id, version: try request.expectedVersion())
        return JSONResponse(Deletion(id: id.description, object: "key.deleted"))
    }
}

extension ResourceResponse {
    fileprivate init(_ record: APIKeyRecord) { self.init(KeyRoutes.KeyBody(record), version: record.version, isValidator: false) }
}

extension KeyRoutes.CreateRequest {
    /// When the key ends, told in one of two ways; nil: never.
    fileprivate var expiry: Date? {
        get throws(Problem) {
            if let days = expires_in_days {
                guard expires_at == nil else {
                    throw Problem.invalid("expires_at", "expires_at and expires_in_days are both given.", remedy: "Leave one out.")
                }
                guard (1...3_650).contains(days) else {
                    throw Problem.invalid("expires_in_days", "expires_in_days is \(days); it must be between 1 and 3650.")
                }
                return Date(timeIntervalSinceNow: Double(days) * 86_400)
            }
            guard let seconds = expires_at else { return nil }
            let date = Date(timeIntervalSince1970: Double(seconds))
            guard date > Date(), date < Date(timeIntervalSinceNow: 3_650 * 86_400) else {
                throw Problem.invalid("expires_at", "expires_at is \(seconds); it must lie in the next ten years, in seconds since 1970.")
            }
            return date
        }
    }
}

extension KeyRoutes.KeyBody {
    fileprivate init(_ record: APIKeyRecord) {
        id = record.id.description
        name = record.name
        prefix = record.prefix
        scopes = record.permissions
        assistant_ids = record.assistants?.map(\.description)
        created_at = Int(record.createdAt.timeIntervalSince1970)
        expires_at = record.expiresAt.map { Int($0.timeIntervalSince1970) }
        last_used_at = record.lastUsedAt.map { Int($0.timeIntervalSince1970) }
        revoked_at = record.revokedAt.map { Int($0.timeIntervalSince1970) }
    }
}
