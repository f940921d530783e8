import Accounts
import Domain
import Foundation
import Hummingbird
import Storage

/// What is asked before there is a principal: `/v1/auth/…` and `/v1/setup`. Outside authentication.
struct LoginRoutes: Sendable {
    let accounts: AccountServices

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.post("auth/register", use: register)
        group.post("auth/login", use: logIn)
        group.post("auth/refresh", use: refresh)
        group.post("auth/verify", use: verify)
        group.post("auth/reset", use: reset)
        group.post("setup", use: setUp)
    }

    struct RegisterRequest: Decodable {
        let username: String
        let email: String
        let password: String
        let first_name: String?
        let last_name: String?
    }

    /// The name is a user name or an e-mail address; either member takes both.
    struct LoginRequest: Decodable {
        let username: String?
        let email: String?
        let password: String
    }

    struct RefreshRequest: Decodable {
        let refresh_token: String
    }

    struct ResetRequest: Decodable {
        let token: String?
        let password: String
        /// Whether the user's API keys end, too.
        let revoke_keys: Bool?
    }

    struct VerifyRequest: Decodable {
        let token: String?
    }

    struct SetUpRequest: Decodable {
        let token: String?
        let username: String
        let email: String
        let password: String
    }

    /// The only answer that ever shows these tokens.
    struct SessionBody: Encodable, Sendable {
        let object = "session"
        let id: String
        let user: String
        let token_type = "Bearer"
        let access_token: String
        let expires_in: Int64
        let refresh_token: String
        let refresh_expires_in: Int64

        init(_ tokens: SessionTokens) {
            id = tokens.session.description
            user = tokens.user.description
            access_token = tokens.accessToken
            expires_in = tokens.accessLifetime.components.seconds
            refresh_token = tokens.refreshToken
            refresh_expires_in = tokens.refreshLifetime.components.seconds
        }
    }

    struct RegisteredBody: Encodable, Sendable {
        let id: String
        let object = "user"
        let username: String
        let email: String
        let is_verified: Bool
    }

    struct DoneBody: Encodable, Sendable {
        let object: String
        let done = true
    }

    /// A password was set; what became of the user's API keys.
    struct PasswordBody: Encodable, Sendable {
        let object: String
        let done = true
        let keys_revoked: Int
        /// Keys that still open something.
        let keys_valid: Int

        init(_ object: String, _ keys: SettledKeys) {
            self.object = object
            keys_revoked = keys.revoked
            keys_valid = keys.valid
        }
    }

    @Sendable
    func register(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<RegisteredBody> {
        let body = try await request.json(RegisterRequest.self)
        let id = try await accounts.membership.register(
            AccountDraft(
                username: body.username, email: body.email, password: body.password, firstName: body.first_name, lastName: body.last_name))
        return JSONResponse(
            RegisteredBody(id: id.description, username: body.username, email: body.email, is_verified: false), status: .created)
    }

    @Sendable
    func logIn(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<SessionBody> {
        let body = try await request.json(LoginRequest.self)
        guard let name = body.username ?? body.email, body.username == nil || body.email == nil else {
            throw Problem.invalid("username", "A log-in names either a username or an email.")
        }
        return JSONResponse(SessionBody(try await accounts.sessions.logIn(name: name, password: body.password)))
    }

    @Sendable
    func refresh(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<SessionBody> {
        let body = try await request.json(RefreshRequest.self)
        return JSONResponse(SessionBody(try await accounts.sessions.refresh(body.refresh_token)))
    }

    /// The token stands in the body, or in the link's query and nothing in the body.
    @Sendable
    func verify(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<DoneBody> {
        if request.parameter("token") != nil {
            try await accounts.membership.verify(token: try request.oneTimeToken(nil))
        } else {
            try await accounts.membership.verify(token: try request.oneTimeToken(try await request.json(VerifyRequest.self).token))
        }
        return JSONResponse(DoneBody(object: "email.verified"))
    }

    @Sendable
    func reset(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<PasswordBody> {
        let body = try await request.json(ResetRequest.self)
        let keys = try await accounts.membership.reset(
            token: try request.oneTimeToken(body.token), to: body.password, revokingKeys: body.revoke_keys ?? false)
        return JSONResponse(PasswordBody("password.reset", keys))
    }

    @Sendable
    func setUp(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<RegisteredBody> {
        let body = try await request.json(SetUpRequest.self)
        let id = try await accounts.firstAdministrator.setUp(
            token: try request.oneTimeToken(body.token),
            AccountDraft(username: body.username, email: body.email, password: body.password))
        return JSONResponse(
            RegisteredBody(id: id.description, username: body.username, email: body.email, is_verified: true), status: .created)
    }
}

extension Request {
    /// A one-time token from the body or from the link's query.
    fileprivate func oneTimeToken(_ fromBody: String?) throws(Problem) -> String {
        guard let token = fromBody ?? parameter("token") else {
            throw Problem(
                .invalidRequest, code: "member_missing", "The member \"token\" is missing.", remedy: "Add it to the JSON object.",
                parameter: "token")
        }
        return token
    }
}
