import Domain
import Foundation
import Hummingbird
import Storage

/// `/v1/templates/{id}/versions`: every prompt a persona has had, drafts, publishing and going back.
struct TemplateRoutes: Sendable {
    let database: Database

    func add(to group: RouterGroup<BunkoRequestContext>) {
        ResourceRoutes(resource: .template, database: database).add(to: group)
        group.get("templates/:id/versions", use: list)
        group.post("templates/:id/versions", use: draft)
        group.post("templates/:id/versions/:version/publish", use: publish)
        group.delete("templates/:id/versions/:version", use: deleteDraft)
    }

    struct DraftRequest: Decodable {
        let system_prompt: String
        let parameters: JSONValue?
    }

    @Sendable
    func list(_ request: Request, _ context: BunkoRequestContext) async throws -> RawList {
        let scope = try context.scope
        try scope.require(.read)
        let id = try context.pathUUID("id", of: .template)
        return RawList(items: try await database.read(scope) { try await $0.templateVersions(id) }.map(\.json))
    }

    @Sendable
    func draft(_ request: Request, _ context: BunkoRequestContext) async throws -> Response {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathUUID("id", of: .template)
        let body = try await request.json(DraftRequest.self)
        let made = try await database.write(scope) {
            try await $0.addTemplateDraft(id, systemPrompt: body.system_prompt, parameters: body.parameters)
        }
        return .json(made.json, status: .created)
    }

    @Sendable
    func publish(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let (id, version) = (try context.pathUUID("id", of: .template), try context.pathVersion())
        return ResourceResponse(try await database.write(scope) { try await $0.publishTemplateVersion(version, of: id) })
    }

    @Sendable
    func deleteDraft(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let scope = try context.scope
        try scope.require(.ingest)
        let (id, version) = (try context.pathUUID("id", of: .template), try context.pathVersion())
        try await database.write(scope) { try await $0.deleteTemplateDraft(version, of: id) }
        return JSONResponse(Deletion(id: "\(version)", object: "template_version.deleted"))
    }
}

extension BunkoRequestContext {
    fileprivate func pathVersion() throws(Problem) -> Int32 {
        let text = try pathText("version")
        guard let version = Int32(text) else { throw Problem.notFound("template version", text) }
        return version
    }
}
