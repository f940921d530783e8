import Domain
import Foundation
import Hummingbird
import Storage

/// `/v1/assistants`: create, list, get, delete. An assistant is named by its id or, in a path too, by its name.
struct AssistantRoutes: Sendable {
    let database: Database

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.post("assistants", use: create)
        group.get("assistants", use: list)
        group.get("assistants/:assistant", use: get)
        group.delete("assistants/:assistant", use: delete)
        group.get("personas", use: personas)
    }

    struct CreateRequest: Decodable {
        let name: String
        let description: String?
        let persona: String?
        let default_llm_model: String?
        let custom_system_prompt: String?
        let settings: AssistantSettings?
    }

    @Sendable
    func create(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<AssistantBody> {
        let scope = try context.scope
        try scope.require(.ingest)
        let draft = AssistantDraft(try await request.json(CreateRequest.self))
        guard scope.assistants == nil else {
            throw Problem(
                .forbidden, code: "key_bound", "This key is bound to some assistants and cannot create another.",
                remedy: "Use a key that is not bound.")
        }
        try draft.check()
        let assistant = try await database.write(scope) { try await $0.createAssistant(draft) }
        return JSONResponse(AssistantBody(assistant), status: .created)
    }

    @Sendable
    func list(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Page<AssistantBody>> {
        let scope = try context.scope
        try scope.require(.read)
        let limit = try request.number("limit", default: 100, in: 1...1_000)
        let after = try request.identifier("after", as: AssistantID.self)
        let rows = try await database.read(scope) { try await $0.assistants(limit: limit + 1, after: after) }
        return JSONResponse(Page(rows.map(AssistantBody.init), limit: limit, id: \.id))
    }

    @Sendable
    func get(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<AssistantBody> {
        let scope = try context.scope
        try scope.require(.read)
        let reference = try context.pathText("assistant")
        return JSONResponse(AssistantBody(try await database.read(scope) { try await $0.assistant(reference) }))
    }

    @Sendable
    func delete(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let scope = try context.scope
        try scope.require(.ingest)
        let reference = try context.pathText("assistant")
        let id = try await database.write(scope) { transaction in
            let assistant = try await transaction.assistant(reference)
            _ = try await transaction.deleteAssistant(assistant.id)
            return assistant.id
        }
        return JSONResponse(Deletion(id: id.description, object: "assistant.deleted"))
    }

    @Sendable
    func personas(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Page<PersonaBody>> {
        let scope = try context.scope
        try scope.require(.read)
        let rows = try await database.read(scope) { try await $0.personas() }
        return JSONResponse(Page(rows.map(PersonaBody.init), limit: rows.count, id: \.id))
    }
}

/// An assistant on the wire.
struct AssistantBody: Encodable, Sendable {
    let id: String
    let object = "assistant"
    let name: String
    let description: String?
    let persona_id: String?
    let default_llm_model: String?
    let custom_system_prompt: String?
    let settings: AssistantSettings
    let is_active: Bool
    let is_public: Bool
    let created_at: Int
    let updated_at: Int

    init(_ assistant: Assistant) {
        id = assistant.id.description
        name = assistant.name
        description = assistant.summary
        persona_id = assistant.personaID?.description
        default_llm_model = assistant.defaultModel
        custom_system_prompt = assistant.customSystemPrompt
        settings = assistant.settings
        is_active = assistant.isActive
        is_public = assistant.isPublic
        created_at = Int(assistant.createdAt.timeIntervalSince1970)
        updated_at = Int(assistant.updatedAt.timeIntervalSince1970)
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

extension AssistantDraft {
    fileprivate init(_ request: AssistantRoutes.CreateRequest) {
        self.init(
            name: request.name.trimmingCharacters(in: .whitespacesAndNewlines), summary: request.description, persona: request.persona,
            defaultModel: request.default_llm_model, customSystemPrompt: request.custom_system_prompt, settings: request.settings ?? .init()
        )
    }

    fileprivate func check() throws(Problem) {
        guard (1...100).contains(name.unicodeScalars.count), !name.contains("\0") else {
            throw Problem.invalid("name", "An assistant's name has 1 to 100 characters.")
        }
        guard (customSystemPrompt?.utf8.count ?? 0) <= 65_536 else {
            throw Problem.invalid("custom_system_prompt", "A custom system prompt has at most 65,536 bytes.")
        }
        if let k = settings.k, !(1...100).contains(k) {
            throw Problem.invalid("settings", "settings.k is \(k); it must be between 1 and 100.")
        }
        if let threshold = settings.threshold, !(-1...1).contains(threshold) {
            throw Problem.invalid("settings", "settings.threshold is \(threshold); it must be between -1 and 1.")
        }
        if let tokens = settings.maxTokens, !(64...2_000_000).contains(tokens) {
            throw Problem.invalid("settings", "settings.max_tokens is \(tokens); it must be between 64 and 2000000.")
        }
    }
}
