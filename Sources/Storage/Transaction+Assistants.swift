public import Domain
import Foundation
import Postgres

/// What makes a new assistant.
public struct AssistantDraft: Sendable {
    public var name: String
    public var summary: String?
    /// The slug of a built-in persona or the id of a template the user may see; nil means the default persona.
    public var persona: String?
    public var defaultModel: String?
    public var customSystemPrompt: String?
    public var settings: AssistantSettings

    public init(
        name: String, summary: String? = nil, persona: String? = nil, defaultModel: String? = nil, customSystemPrompt: String? = nil,
        settings: AssistantSettings = .init()
    ) {
        self.name = name
        self.summary = summary
        self.persona = persona
        self.defaultModel = defaultModel
        self.customSystemPrompt = customSystemPrompt
        self.settings = settings
    }
}

extension Transaction {
    private static let assistantColumns: SQL = """
        id, user_id, name, description, personality_template_id, default_llm_model, custom_system_prompt, settings, is_active,
        is_public, created_at, updated_at
        """

    /// Adds an assistant of the scope's user.
    /// - Throws: `conflict` when the user has one of that name, `not_found` for an unknown persona.
    public func createAssistant(_ draft: AssistantDraft) async throws -> Assistant {
        let user = try scope.userID
        let persona = try await persona(named: draft.persona ?? Persona.defaultSlug)
        let rows = try await connection.query(
            """
            INSERT INTO assistants (user_id, name, description, personality_template_id, default_llm_model, custom_system_prompt, settings)
            VALUES (\(user), \(draft.name), \(draft.summary), \(persona.id),
                    coalesce(\(draft.defaultModel), (SELECT value #>> '{}' FROM system_settings WHERE key = 'default_llm_model')),
                    \(draft.customSystemPrompt), \(JSONB(draft.settings)))
            ON CONFLICT (user_id, name) DO NOTHING
            RETURNING \(Self.assistantColumns)
            """)
        guard let row = rows.first else {
            throw Problem(
                .conflict, code: "assistant_exists", "An assistant named \"\(draft.name)\" exists already.",
                remedy: "Choose another name, or use the one that exists.", parameter: "name")
        }
        return try Assistant(row)
    }

    /// The scope's assistants, newest first. `after` continues behind a row of the page before.
    public func assistants(limit: Int, after: AssistantID? = nil) async throws -> [Assistant] {
        let rows = try await connection.query(
            """
            SELECT \(Self.assistantColumns) FROM assistants
            WHERE user_id = current_user_id() AND (\(boundAssistants)::uuid[] IS NULL OR id = ANY (\(boundAssistants)))
                AND (\(after)::uuid IS NULL
                    OR (created_at, id) < (SELECT created_at, id FROM assistants WHERE user_id = current_user_id() AND id = \(after)))
            ORDER BY created_at DESC, id DESC LIMIT \(limit)
            """)
        return try rows.map(Assistant.init)
    }

    /// The assistant with this id or, when the text is no UUID of one, this name.
    /// - Throws: `not_found`, in the same words whether it belongs to somebody else or to nobody.
    public func assistant(_ reference: String) async throws -> Assistant {
        guard let assistant = try await findAssistant(reference) else {
            throw Problem.notFound(
                "assistant", reference, remedy: "List your assistants with GET /v1/assistants or `bunko assistant list`.")
        }
        return assistant
    }

    /// The assistant a question is put to: one of the scope's, or by its id another user's that is public and active.
    /// - Throws: as ``assistant(_:)``.
    public func usableAssistant(_ reference: String) async throws -> Assistant {
        if let own = try await findAssistant(reference) { return own }
        // A key bound to assistants is bound to its user's own.
        guard scope.assistants == nil, let id = AssistantID(reference), let found = try await publicAssistant(id) else {
            return try await assistant(reference)
        }
        return found
    }

    private func publicAssistant(_ id: AssistantID) async throws -> Assistant? {
        try await connection.query("SELECT \(Self.assistantColumns) FROM assistants WHERE id = \(id) AND is_public AND is_active").first
            .map(Assistant.init)
    }

    /// As ``assistant(_:)``, but nil when there is none.
    public func findAssistant(_ reference: String) async throws -> Assistant? {
        let rows = try await connection.query(
            """
            SELECT \(Self.assistantColumns) FROM assistants
            WHERE user_id = current_user_id() AND (id = \(AssistantID(reference)) OR name = \(reference))
            ORDER BY id = \(AssistantID(reference)) DESC NULLS LAST LIMIT 1
            """)
        guard let assistant = try rows.first.map(Assistant.init), scope.admits(assistant.id) else { return nil }
        return assistant
    }

    private var boundAssistants: [AssistantID]? { scope.assistants.map(Array.init) }
}

extension Assistant {
    fileprivate init(_ row: PostgresRow) throws {
        self.init(
            id: try row.decode("id", as: AssistantID.self),
            userID: try row.decode("user_id", as: UserID.self),
            name: try row.decode("name", as: String.self),
            summary: try row.decode("description", as: String?.self),
            personaID: try row.decode("personality_template_id", as: PersonaID?.self),
            defaultModel: try row.decode("default_llm_model", as: String?.self),
            customSystemPrompt: try row.decode("custom_system_prompt", as: String?.self),
            settings: try row.decode("settings", as: JSONB<AssistantSettings>.self).value,
            isActive: try row.decode("is_active", as: Bool.self),
            isPublic: try row.decode("is_public", as: Bool.self),
            createdAt: try row.decode("created_at", as: Date.self),
            updatedAt: try row.decode("updated_at", as: Date.self))
    }
}
