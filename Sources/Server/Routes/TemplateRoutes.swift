import Domain
import Foundation
import Hummingbird
import Storage

/// `/v1/templates`, and `/v1/templates/{id}/versions`: every prompt a persona has had, drafts, publishing and going back.
///
/// Administrators do the same with the built-in personas, which nobody deletes: `is_active` takes one out of use. `/v1/personas/{slug}`
/// is another way to a template.
struct TemplateRoutes: Sendable {
    let database: Database
    let shared: SharedRows

    func add(to group: RouterGroup<BunkoRequestContext>) {
        let plain = ResourceRoutes(resource: .template, database: database)
        group.post("templates", use: plain.create)
        group.get("templates", use: plain.list)
        group.get("templates/:id", use: plain.get)
        group.patch("templates/:id", use: update)
        group.delete("templates/:id", use: plain.delete)
        group.get("templates/:id/versions", use: list)
        group.post("templates/:id/versions", use: draft)
        group.post("templates/:id/versions/:version/publish", use: publish)
        group.delete("templates/:id/versions/:version", use: deleteDraft)
        group.get("personas", use: personas)
        group.get("personas/:persona", use: persona)
        group.patch("personas/:persona", use: updatePersona)
    }

    struct DraftRequest: Decodable {
        let system_prompt: String
        let parameters: JSONValue?
    }

    @Sendable
    func update(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        try await update(try context.pathUUID("id", of: .template), request, try context.scope)
    }

    private func update(_ id: UUID, _ request: Request, _ scope: Scope) async throws -> ResourceResponse {
        try scope.require(.ingest)
        let version = try request.expectedVersion()
        let members = try await request.members()
        return ResourceResponse(
            try await shared.write(scope) { scope in
                try await database.write(scope) { try await $0.update(.template, id, members, version: version) }
            })
    }

    @Sendable
    func list(_ request: Request, _ context: BunkoRequestContext) async throws -> RawList {
        let caller = try context.scope
        try caller.require(.read)
        let id = try context.pathUUID("id", of: .template)
        // To whoever may publish them, drafts of a built-in persona are shown, too.
        let scope = try await shared.scope(for: caller) { scope in try await database.read(scope) { try await $0.owns(.template, id) } }
        return RawList(items: try await database.read(scope) { try await $0.templateVersions(id) }.map(\.json))
    }

    @Sendable
    func draft(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathUUID("id", of: .template)
        let members = try await request.members()
        let body = try JSON.decode(DraftRequest.self, from: JSON.encode(members))
        return try await shared.write(scope) { owner in
            try await IdempotentWrite(database: database).answer(request, members, scope: scope, owner: owner) { transaction in
                let made = try await transaction.addTemplateDraft(id, systemPrompt: body.system_prompt, parameters: body.parameters)
                return ResourceResponse(json: made.json, status: .created)
            }
        }
    }

    @Sendable
    func publish(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let (id, version) = (try context.pathUUID("id", of: .template), try context.pathVersion())
        return ResourceResponse(
            try await shared.write(scope) { scope in
                try await database.write(scope) { try await $0.publishTemplateVersion(version, of: id) }
            })
    }

    @Sendable
    func deleteDraft(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let scope = try context.scope
        try scope.require(.ingest)
        let (id, version) = (try context.pathUUID("id", of: .template), try context.pathVersion())
        try await shared.write(scope) { scope in
            try await database.write(scope) { try await $0.deleteTemplateDraft(version, of: id) }
        }
        return JSONResponse(Deletion(id: "\(version)", object: "template_version.deleted"))
    }

    @Sendable
    func personas(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Page<PersonaBody>> {
        let scope = try context.scope
        try scope.require(.read)
        let limit = try request.number("limit", default: 100, in: 1...1_000)
        let after = try request.identifier("after", as: PersonaID.self)
        let rows = try await database.read(scope) { try await $0.personas(limit: limit, after: after) }
        return JSONResponse(Page(rows.map(PersonaBody.init), limit: limit, id: \.id))
    }

    @Sendable
    func persona(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.read)
        let reference = try context.pathText("persona")
        return ResourceResponse(try await database.read(scope) { try await $0.template(named: reference) })
    }

    @Sendable
    func updatePersona(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        let reference = try context.pathText("persona")
        let template = try await database.read(scope) { try await $0.template(named: reference) }
        return try await update(template.id, request, scope)
    }
}

/// A persona on the wire.
struct PersonaBody: Encodable, Sendable {
    let id: String
    let object = "persona"
    let slug: String?
    let name: String
    let description: String?
    let system_prompt: String

    init(_ persona: Persona) {
        id = persona.id.description
        slug = persona.slug
        name = persona.name
        description = persona.summary
        system_prompt = persona.systemPrompt
    }
}

extension BunkoRequestContext {
    fileprivate func pathVersion() throws(Problem) -> Int32 {
        let text = try pathText("version")
        guard let version = Int32(text) else { throw Problem.notFound("template version", text) }
        return version
    }
}
