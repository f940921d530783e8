public import Domain
public import Foundation
import Postgres

extension Transaction {
    /// Gives an assistant a skill, or changes how it has it; the assistant as it is then.
    /// - Throws: `not_found` for an assistant that is not the scope's, or a skill it may not see.
    public func setSkill(
        _ skill: UUID, of assistant: AssistantID, isEnabled: Bool, priority: Int32, customSettings: JSONValue?
    ) async throws -> ResourceRow {
        let customSettings = try customSettings.map { try ResourceColumn("custom_settings", .object).bind($0) } ?? "NULL"
        try await touch(assistant)
        let changed = try await connection.execute(
            """
            INSERT INTO assistant_skills (user_id, assistant_id, skill_definition_id, is_enabled, priority, custom_settings)
            SELECT a.user_id, a.id, s.id, \(isEnabled), \(priority), \(customSettings) FROM assistants a, skill_definitions s
            WHERE a.user_id = \(try scope.userID) AND a.id = \(assistant) AND s.id = \(skill)
            ON CONFLICT (user_id, assistant_id, skill_definition_id) DO UPDATE SET
                is_enabled = excluded.is_enabled, priority = excluded.priority, custom_settings = excluded.custom_settings
            """)
        guard changed == 1 else { throw Resource.skill.notFound(skill) }
        return try await get(.assistant, assistant.rawValue)
    }

    /// Takes a skill from an assistant.
    public func removeSkill(_ skill: UUID, of assistant: AssistantID) async throws {
        try await touch(assistant)
        let removed = try await connection.execute(
            """
            DELETE FROM assistant_skills
            WHERE user_id = \(try scope.userID) AND assistant_id = \(assistant) AND skill_definition_id = \(skill)
            """)
        guard removed == 1 else { throw Resource.skill.notFound(skill) }
    }

    /// Changes the version of an assistant whose skills change. Comes first: who deletes the assistant locks its row before its skills.
    private func touch(_ assistant: AssistantID) async throws {
        try await connection.execute("UPDATE assistants SET updated_at = now() WHERE user_id = \(try scope.userID) AND id = \(assistant)")
    }

    /// Deletes an assistant with its files and knowledge. Its conversations go to the archive, or stay with its persona.
    /// - Throws: `conflict` when it has conversations and `conversations` says nothing of them.
    public func deleteAssistant(
        _ id: AssistantID, conversations: ConversationsAfterwards? = nil, version: String? = nil
    ) async throws {
        let user = try scope.userID
        switch conversations {
        case nil:
            let held = try await connection.query(
                "SELECT FROM conversations WHERE user_id = \(user) AND assistant_id = \(id) LIMIT 1")
            guard held.isEmpty else {
                throw Problem(
                    .conflict, code: "assistant_has_conversations", "The assistant has conversations.",
                    remedy: "Say what becomes of them: ?conversations=archive, or ?conversations=keep with its persona alone.")
            }
        case .archive:
            try await connection.execute(
                """
                SELECT * FROM archive_conversations(
                    ARRAY(SELECT id FROM conversations WHERE user_id = \(user) AND assistant_id = \(id)))
                """)
        case .keep:
            try await connection.execute(
                """
                UPDATE conversations c SET assistant_id = NULL, persona_id = coalesce(c.persona_id, t.slug, \(Persona.defaultSlug))
                FROM assistants a LEFT JOIN personality_templates t ON t.id = a.personality_template_id
                WHERE c.user_id = \(user) AND c.assistant_id = \(id) AND a.user_id = c.user_id AND a.id = c.assistant_id
                """)
        }
        try await delete(.assistant, id.rawValue, version: version)
    }

    /// What becomes of the conversations of an assistant that is deleted.
    public enum ConversationsAfterwards: String, Sendable, CaseIterable {
        case archive
        case keep
    }

    /// The preferences of the scope's user; the defaults as long as nothing was set.
    public func preferences() async throws -> ResourceRow {
        try await connection.execute(
            "INSERT INTO user_preferences (user_id) VALUES (\(try scope.userID)) ON CONFLICT (user_id) DO NOTHING")
        let rows = try await connection.query(
            "SELECT \(Resource.preferences.selection) FROM user_preferences r WHERE r.user_id = \(try scope.userID)")
        guard let row = rows.first else {
            throw Problem(.internalFault, code: "preferences_missing", "The preferences were not found.")
        }
        return try ResourceRow(row, of: .preferences)
    }
}

/// One version of a persona's prompt and parameters.
public struct TemplateVersion: Sendable {
    /// The answer's JSON object.
    public let json: String
}

extension Transaction {
    private static let versionColumns: SQL = """
        jsonb_build_object('object', 'template_version', 'version', v.version, 'system_prompt', v.system_prompt, 'parameters', v.parameters,
            'is_draft', v.is_draft, 'created_at', floor(extract(epoch FROM v.created_at))::bigint,
            'published_at', floor(extract(epoch FROM v.published_at))::bigint) AS json
        """

    /// Every version of a template the scope may see, the newest first.
    public func templateVersions(_ template: UUID) async throws -> [TemplateVersion] {
        _ = try await get(.template, template)
        return try await connection.query(
            """
            SELECT \(Self.versionColumns) FROM personality_template_versions v
            WHERE v.template_id = \(template) ORDER BY v.version DESC LIMIT 1000
            """
        ).map(TemplateVersion.init)
    }

    /// Adds a draft to a template of the scope's user.
    public func addTemplateDraft(_ template: UUID, systemPrompt: String, parameters: JSONValue?) async throws -> TemplateVersion {
        try requireUnbound(.template)
        let prompt = try ResourceColumn("system_prompt", .text(maximum: 100_000), isRequired: true).bind(.string(systemPrompt))
        let parameters = try parameters.map { try ResourceColumn("parameters", .object).bind($0) } ?? "NULL"
        let rows = try await connection.query(
            """
            WITH v AS (
                INSERT INTO personality_template_versions (user_id, template_id, version, system_prompt, parameters, is_draft, is_public)
                SELECT t.user_id, t.id,
                    (SELECT max(o.version) + 1 FROM personality_template_versions o WHERE o.user_id = t.user_id AND o.template_id = t.id),
                    \(prompt), \(parameters), true, t.is_public
                FROM personality_templates t WHERE t.user_id = \(try scope.userID) AND t.id = \(template) FOR UPDATE
                RETURNING *
            )
            SELECT \(Self.versionColumns) FROM v
            """)
        guard let row = rows.first else { throw Resource.template.notFound(template) }
        return try TemplateVersion(row)
    }

    /// Makes a version, a draft or an older one, the template's prompt and parameters.
    public func publishTemplateVersion(_ version: Int32, of template: UUID) async throws -> ResourceRow {
        try requireUnbound(.template)
        let changed = try await connection.execute(
            """
            UPDATE personality_templates t SET published_version = \(version)
            WHERE t.user_id = \(try scope.userID) AND t.id = \(template) AND EXISTS (
                SELECT FROM personality_template_versions v
                WHERE v.user_id = t.user_id AND v.template_id = t.id AND v.version = \(version))
            """)
        guard changed == 1 else { throw Problem.notFound("template version", "\(version)") }
        return try await get(.template, template)
    }

    /// Removes a draft.
    public func deleteTemplateDraft(_ version: Int32, of template: UUID) async throws {
        try requireUnbound(.template)
        let removed = try await connection.execute(
            """
            DELETE FROM personality_template_versions
            WHERE user_id = \(try scope.userID) AND template_id = \(template) AND version = \(version) AND is_draft
            """)
        guard removed == 1 else { throw Problem.notFound("draft", "\(version)") }
    }
}

extension TemplateVersion {
    fileprivate init(_ row: PostgresRow) throws {
        json = try row.decode("json", as: RawJSON.self).text
    }
}
