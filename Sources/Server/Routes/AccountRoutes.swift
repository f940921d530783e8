import Accounts
import Domain
import Foundation
import Hummingbird
import Storage

/// `/v1/me` and `/v1/auth/logout`: one's own account and session.
struct AccountRoutes: Sendable {
    let accounts: AccountServices

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.post("auth/logout", use: logOut)
        group.get("me", use: get)
        group.patch("me", use: update)
        group.delete("me", use: delete)
        group.post("me/password", use: changePassword)
        group.post("me/deactivate", use: deactivate)
    }

    struct PasswordRequest: Decodable {
        let old_password: String
        let new_password: String
        /// Whether the user's API keys end, too.
        let revoke_keys: Bool?
    }

    struct DeleteRequest: Decodable {
        let password: String
    }

    @Sendable
    func logOut(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<LoginRoutes.DoneBody> {
        try await accounts.sessions.logOut(try context.caller)
        return JSONResponse(LoginRoutes.DoneBody(object: "session.ended"))
    }

    @Sendable
    func get(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        ResourceResponse(try await accounts.membership.show(try context.scope))
    }

    @Sendable
    func update(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let version = try request.expectedVersion()
        let patch = try await request.json(UserPatch.self)
        guard patch.is_active == nil, patch.is_admin == nil, patch.is_verified == nil else {
            throw Problem(
                .forbidden, code: "administrator_required", "is_active, is_admin and is_verified are set by administrators.",
                remedy: "Leave them out; POST /v1/me/deactivate closes your account.")
        }
        return ResourceResponse(try await accounts.membership.update(try context.scope, try patch.changes, version: version))
    }

    @Sendable
    func delete(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<ReceiptBody> {
        let body = try await request.json(DeleteRequest.self)
        let caller = try context.caller
        let receipt = try await accounts.membership.delete(caller.scope, password: body.password)
        return JSONResponse(ReceiptBody(id: caller.userID, receipt))
    }

    @Sendable
    func changePassword(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<LoginRoutes.PasswordBody> {
        let body = try await request.json(PasswordRequest.self)
        let keys = try await accounts.membership.changePassword(
            try context.caller, from: body.old_password, to: body.new_password, revokingKeys: body.revoke_keys ?? false)
        return JSONResponse(LoginRoutes.PasswordBody("password.changed", keys))
    }

    @Sendable
    func deactivate(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<LoginRoutes.DoneBody> {
        try await accounts.membership.deactivate(try context.scope)
        return JSONResponse(LoginRoutes.DoneBody(object: "user.deactivated"))
    }
}

extension ResourceResponse {
    /// An account with its version.
    init(_ account: Account) { self.init(UserBody(account), version: account.version, isValidator: false) }
}

/// A user on the wire.
struct UserBody: Encodable, Sendable {
    let id: String
    let object = "user"
    let username: String
    let email: String
    let first_name: String?
    let last_name: String?
    let is_active: Bool
    let is_verified: Bool
    let is_admin: Bool
    let last_login_at: Int?
    let created_at: Int
    let updated_at: Int

    init(_ account: Account) {
        id = account.id.description
        username = account.username
        email = account.email
        first_name = account.firstName
        last_name = account.lastName
        is_active = account.isActive
        is_verified = account.isVerified
        is_admin = account.isAdministrator
        last_login_at = account.lastLoginAt.map { Int($0.timeIntervalSince1970) }
        created_at = Int(account.createdAt.timeIntervalSince1970)
        updated_at = Int(account.updatedAt.timeIntervalSince1970)
    }
}

/// What went with a deleted user.
struct ReceiptBody: Encodable, Sendable {
    let id: String
    let object = "user.deleted"
    let deleted = true
    /// Rows by table.
    let rows: [String: Int]

    init(id: UserID, _ receipt: DeletionReceipt) {
        self.id = id.description
        rows = receipt.rows
    }
}

/// A change of an account: a member that is left out stays as it is; a name that is null is removed.
struct UserPatch: Decodable {
    let username: String?
    let email: String?
    let first_name: String??
    let last_name: String??
    let is_active: Bool?
    let is_verified: Bool?
    let is_admin: Bool?
    private let isEmpty: Bool

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case username, email, first_name, last_name, is_active, is_verified, is_admin
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        username = try members.contains(.username) ? members.decode(String.self, forKey: .username) : nil
        email = try members.contains(.email) ? members.decode(String.self, forKey: .email) : nil
        first_name = try members.contains(.first_name) ? .some(members.decodeIfPresent(String.self, forKey: .first_name)) : nil
        last_name = try members.contains(.last_name) ? .some(members.decodeIfPresent(String.self, forKey: .last_name)) : nil
        is_active = try members.contains(.is_active) ? members.decode(Bool.self, forKey: .is_active) : nil
        is_verified = try members.contains(.is_verified) ? members.decode(Bool.self, forKey: .is_verified) : nil
        is_admin = try members.contains(.is_admin) ? members.decode(Bool.self, forKey: .is_admin) : nil
        isEmpty = !CodingKeys.allCases.contains(where: members.contains)
    }

    var changes: AccountChanges {
        get throws(Problem) {
            guard !isEmpty else {
                throw Problem(
                    .invalidRequest, code: "nothing_to_change", "The body names nothing that can be changed.",
                    remedy: "Send at least one of username, email, first_name and last_name.")
            }
            return AccountChanges(
                username: username, email: email, firstName: first_name, lastName: last_name, isActive: is_active,
                isVerified: is_verified, isAdministrator: is_admin)
        }
    }
}
