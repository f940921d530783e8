import Domain
import Foundation
import Hummingbird
import Storage

/// `/v1/assistants`, with their skills. An assistant is named by its id or, in a path too, by its name.
struct AssistantRoutes: Sendable {
    let database: Database

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.post("assistants", use: create)
        group.get("assistants", use: ResourceRoutes(resource: .assistant, database: database).list)
        group.get("assistants/:assistant", use: get)
        group.patch("assistants/:assistant", use: update)
        group.delete("assistants/:assistant", use: delete)
        group.put("assistants/:assistant/skills/:skill", use: setSkill)
        group.delete("assistants/:assistant/skills/:skill", use: removeSkill)
    }

    @Sendable
    func create(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let members = try await request.members()
        guard scope.assistants == nil else {
            throw Problem(
                .forbidden, code: "key_bound", "This key is bound to some assistants and cannot create another.",
                remedy: "Use a key that is not bound.")
        }
        try AssistantSettings.check(members["settings"])
        return try await IdempotentWrite(database: database).run(request, members, scope: scope) { transaction in
            var members = try await Self.withPersona(members, default: Persona.defaultSlug, transaction)
            if (members["default_llm_model"] ?? .null) == .null {
                members["default_llm_model"] = try await transaction.defaultModel().map(JSONValue.string)
            }
            return try await transaction.create(.assistant, members)
        }
    }

    /// Reads `persona`, a slug or an id, into `persona_id`.
    private static func withPersona(
        _ members: [String: JSONValue], default fallback: String?, _ transaction: Transaction
    ) async throws -> [String: JSONValue] {
        var members = members
        let named = members.removeValue(forKey: "persona")
        if case .string(let reference)? = named {
            members["persona_id"] = .string(try await transaction.persona(named: reference).id.description)
        } else if let named, named != .null {
            throw Problem(
                .invalidRequest, code: "member_mistyped", "persona is \(named.typeName); it must be a slug or an id.", parameter: "persona")
        } else if let fallback, members["persona_id"] == nil {
            members["persona_id"] = .string(try await transaction.persona(named: fallback).id.description)
        }
        return members
    }

    @Sendable
    func get(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.read)
        let reference = try context.pathText("assistant")
        return ResourceResponse(
            try await database.read(scope) { transaction in
                // Another user's public assistant is found by its id alone.
                let id = try await transaction.findAssistant(reference)?.id.rawValue ?? UUID(uuidString: reference)
                guard let id else { throw Problem.notFound("assistant", reference) }
                return try await transaction.get(.assistant, id)
            })
    }

    @Sendable
    func update(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let reference = try context.pathText("assistant")
        let version = try request.expectedVersion()
        let members = try await request.members()
        try AssistantSettings.check(members["settings"])
        return ResourceResponse(
            try await database.write(scope) { transaction in
                let assistant = try await transaction.assistant(reference)
                let members = try await Self.withPersona(members, default: nil, transaction)
                return try await transaction.update(.assistant, assistant.id.rawValue, members, version: version)
            })
    }

    @Sendable
    func delete(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let scope = try context.scope
        try scope.require(.ingest)
        let reference = try context.pathText("assistant")
        let version = try request.expectedVersion()
        let conversations = try request.parameter("conversations").map { text throws(Problem) in
            guard let known = Transaction.ConversationsAfterwards(rawValue: text) else {
                throw Problem.invalid("conversations", "conversations is \"\(text)\"; it is archive or keep.")
            }
            return known
        }
        let id = try await database.write(scope) { transaction in
            let assistant = try await transaction.assistant(reference)
            try await transaction.deleteAssistant(assistant.id, conversations: conversations, version: version)
            return assistant.id
        }
        return JSONResponse(Deletion(id: id.description, object: "assistant.deleted"))
    }

    struct SkillRequest: Decodable {
        let is_enabled: Bool?
        let priority: Int32?
        let custom_settings: JSONValue?
    }

    @Sendable
    func setSkill(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let (reference, skill) = (try context.pathText("assistant"), try context.pathUUID("skill", of: .skill))
        let body = try await request.json(SkillRequest.self)
        return ResourceResponse(
            try await database.write(scope) { transaction in
                let assistant = try await transaction.assistant(reference)
                return try await transaction.setSkill(
                    skill, of: assistant.id, isEnabled: body.is_enabled ?? true, priority: body.priority ?? 1,
                    customSettings: body.custom_settings)
            })
    }

    @Sendable
    func removeSkill(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let scope = try context.scope
        try scope.require(.ingest)
        let (reference, skill) = (try context.pathText("assistant"), try context.pathUUID("skill", of: .skill))
        try await database.write(scope) { transaction in
            try await transaction.removeSkill(skill, of: try await transaction.assistant(reference).id)
        }
        return JSONResponse(Deletion(id: skill.uuidString.lowercased(), object: "assistant_skill.deleted"))
    }
}

extension AssistantSettings {
    /// Refuses settings of another form, or out of range.
    fileprivate static func check(_ value: JSONValue?) throws {
        guard let value, value != .null else { return }
        let settings = try JSON.decode(AssistantSettings.self, from: JSON.encode(value))
        if let k = settings.k, !(1...100).contains(k) {
            throw Problem.invalid("settings", "settings.k is \(k); it must be between 1 and 100.")
        }
        if let threshold = settings.threshold, !(0...1).contains(threshold) {
            throw Problem.invalid("settings", "settings.threshold is \(threshold); it must be between 0 and 1.")
        }
        if let tokens = settings.maxTokens, !(64...2_000_000).contains(tokens) {
            throw Problem.invalid("settings", "settings.max_tokens is \(tokens); it must be between 64 and 2000000.")
        }
    }
}
