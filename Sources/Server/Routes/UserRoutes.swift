import Accounts
import Domain
import Foundation
import Hummingbird
import Storage

/// `/v1/users`: the accounts of the installation, for administrators. A user is named by id, user name or e-mail address. To whoever is
/// no administrator every user is one that does not exist. The list is sorted by `created_at` (newest first), `username` or `email`, and
/// narrowed by `is_active`, `is_admin` and `is_verified`.
struct UserRoutes: Sendable {
    let administration: UserAdministration
    let database: Database

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.get("users", use: list)
        group.post("users", use: create)
        group.get("users/:user", use: get)
        group.patch("users/:user", use: update)
        group.delete("users/:user", use: delete)
        group.post("users/:user/reset", use: reset)
        group.post("users/:user/password", use: setPassword)
    }

    struct CreateRequest: Decodable {
        let username: String
        let email: String
        /// Left out: the answer holds a one-time link that sets the first one.
        let password: String?
        let first_name: String?
        let last_name: String?
        let is_admin: Bool?
        let is_verified: Bool?
    }

    struct PasswordRequest: Decodable {
        let password: String
        /// Whether the user's API keys end, too.
        let revoke_keys: Bool?
    }

    /// The only answer that ever shows the token.
    struct TokenBody: Encodable, Sendable {
        let object = "one_time_token"
        let purpose: String
        let user: String
        let token: String
        let link: String
        let expires_at: Int

        init(_ token: OneTimeToken, _ account: Account) {
            purpose = token.purpose.rawValue
            user = account.id.description
            self.token = token.text
            link = token.link
            expires_at = Int(token.expiresAt.timeIntervalSince1970)
        }
    }

    /// A user's members with the tokens beside them, which are left out when the answer is repeated with its Idempotency-Key: a
    /// token is kept nowhere, and `POST /v1/users/{user}/reset` makes another.
    struct NewUserBody: Encodable, Sendable {
        let user: UserBody
        let verification: TokenBody?
        let set_password: TokenBody?

        private enum CodingKeys: String, CodingKey { case verification, set_password }

        func encode(to encoder: any Encoder) throws {
            try user.encode(to: encoder)
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encodeIfPresent(verification, forKey: .verification)
            try members.encodeIfPresent(set_password, forKey: .set_password)
        }
    }

    @Sendable
    func list(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Page<UserBody>> {
        let scope = try context.scope
        // Before the query is read, so that a faulty one tells nothing to others.
        try await administration.requireAdministrator(scope)
        var query = AccountQuery(
            limit: try request.number("limit", default: 100, in: 1...1_000), after: try request.identifier("after", as: UserID.self))
        query.sort = try request.choice("sort", of: AccountQuery.Sort.self) ?? .createdAt
        query.isAscending = try request.isAscending ?? false
        query.isActive = try request.flag("is_active")
        query.isAdministrator = try request.flag("is_admin")
        query.isVerified = try request.flag("is_verified")
        return JSONResponse(Page(try await administration.list(scope, query).map(UserBody.init), limit: query.limit, id: \.id))
    }

    @Sendable
    func create(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        // Before the body is read, so that a faulty one tells nothing to others.
        try await administration.requireAdministrator(scope)
        let members = try await request.members()
        let body = try JSON.decode(CreateRequest.self, from: JSON.encode(members))
        let draft = AccountDraft(
            username: body.username, email: body.email, password: body.password, firstName: body.first_name, lastName: body.last_name,
            isAdministrator: body.is_admin ?? false, isVerified: body.is_verified ?? false)
        return try await administration.creating(scope, draft) { service, make in
            try await IdempotentWrite(database: database).create(request, members, scope: scope, owner: service) { transaction in
                let made = try await make(transaction)
                let user = UserBody(made.account)
                return Creation(
                    NewUserBody(
                        user: user, verification: made.verification.map { TokenBody($0, made.account) },
                        set_password: made.password.map { TokenBody($0, made.account) }), kept: user)
            }
        }
    }

    @Sendable
    func get(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        ResourceResponse(try await administration.show(try context.scope, try context.pathText("user")))
    }

    @Sendable
    func update(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let reference = try context.pathText("user")
        // Before the body is read, so that a faulty one tells nothing of the user.
        _ = try await administration.show(try context.scope, reference)
        let version = try request.expectedVersion()
        let patch = try await request.json(UserPatch.self)
        return ResourceResponse(try await administration.update(try context.scope, reference, try patch.changes, version: version))
    }

    @Sendable
    func delete(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<ReceiptBody> {
        let (account, receipt) = try await administration.delete(try context.scope, try context.pathText("user"))
        return JSONResponse(ReceiptBody(id: account.id, receipt))
    }

    @Sendable
    func reset(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<TokenBody> {
        let (account, token) = try await administration.issueReset(try context.scope, try context.pathText("user"))
        return JSONResponse(TokenBody(token, account), status: .created)
    }

    @Sendable
    func setPassword(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<LoginRoutes.PasswordBody> {
        let (scope, reference) = (try context.scope, try context.pathText("user"))
        // Before the body is read, so that a faulty one tells nothing of the user.
        _ = try await administration.show(scope, reference)
        let body = try await request.json(PasswordRequest.self)
        let (_, keys) = try await administration.setPassword(
            scope, reference, to: body.password, revokingKeys: body.revoke_keys ?? false)
        return JSONResponse(LoginRoutes.PasswordBody("password.set", keys))
    }
}
