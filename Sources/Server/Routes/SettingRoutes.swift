import Accounts
import Domain
import Foundation
import Hummingbird
import Operations
import Storage

/// `/v1/settings`: read by everybody, changed by administrators. A change takes an `If-Match`. The list is short and never paged.
struct SettingRoutes: Sendable {
    let settings: InstallationSettings
    let administration: UserAdministration

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.get("settings", use: list)
        group.get("settings/:key", use: get)
        group.put("settings/:key", use: set)
    }

    struct SettingBody: Encodable, Sendable {
        let id: String
        let object = "setting"
        let value: JSONValue
        let description: String?
        /// Whether the service sets it, and nobody else.
        let is_fixed: Bool
        let updated_at: Int

        init(_ setting: Setting) {
            id = setting.key
            value = setting.value
            description = setting.summary
            is_fixed = InstallationSettings.isFixed(setting.key)
            updated_at = Int(setting.updatedAt.timeIntervalSince1970)
        }
    }

    struct SetRequest: Decodable {
        let value: JSONValue
    }

    @Sendable
    func list(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Page<SettingBody>> {
        try context.scope.require(.read)
        let rows = try await settings.list()
        return JSONResponse(Page(rows.map(SettingBody.init), limit: rows.count, id: \.id))
    }

    @Sendable
    func get(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        try context.scope.require(.read)
        return ResourceResponse(try await settings.get(try context.pathText("key")))
    }

    @Sendable
    func set(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        try await administration.requireAdministrator(try context.scope)
        let version = try request.expectedVersion()
        let body = try await request.json(SetRequest.self)
        return ResourceResponse(try await settings.set(try context.pathText("key"), to: body.value, version: version))
    }
}

extension ResourceResponse {
    fileprivate init(_ setting: Setting) { self.init(SettingRoutes.SettingBody(setting), version: setting.version) }
}
