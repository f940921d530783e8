public import Domain
import Postgres

extension Persona {
    /// The persona of an assistant that names none.
    public static let defaultSlug = "business-assistant"
}

extension Transaction {
    /// The persona with this slug or id, if the scope may see it, or the user's own of this name.
    public func persona(named reference: String) async throws -> Persona {
        let rows = try await connection.query(
            """
            SELECT id, slug, name, description, system_prompt FROM personality_templates
            WHERE is_active AND (slug = \(reference) OR id = \(PersonaID(reference))
                OR (user_id = current_user_id() AND name = \(reference)))
            ORDER BY slug IS NULL, id <> \(PersonaID(reference)) NULLS LAST LIMIT 1
            """)
        guard let row = rows.first else {
            let known = try await personas().compactMap(\.slug).joined(separator: ", ")
            throw Problem.notFound("persona", reference, remedy: "The built-in personas are \(known).")
        }
        return try Persona(row)
    }

    /// The persona of an assistant that the scope may use. That of another's public assistant may itself be private.
    public func persona(of assistant: Assistant) async throws -> Persona {
        guard let id = assistant.personaID else { return try await persona(named: Persona.defaultSlug) }
        guard try assistant.userID != scope.userID else { return try await persona(named: id.description) }
        let rows = try await connection.query(
            "SELECT id, slug, name, description, system_prompt FROM public_persona(\(assistant.id))")
        guard let row = rows.first else { throw Problem.notFound("persona", id.description) }
        return try Persona(row)
    }

    /// The template behind a persona's slug or id, or behind the name of one of the user's own, in use or not.
    public func template(named reference: String) async throws -> ResourceRow {
        let rows = try await connection.query(
            """
            SELECT id FROM personality_templates
            WHERE slug = \(reference) OR id = \(PersonaID(reference)) OR (user_id = \(try scope.userID) AND name = \(reference))
            ORDER BY slug IS NULL, id <> \(PersonaID(reference)) NULLS LAST LIMIT 1
            """)
        guard let id = try rows.first?.decode("id", as: PersonaID.self) else { throw Problem.notFound("persona", reference) }
        return try await get(.template, id.rawValue)
    }

    /// The personas the scope may see, built-in ones first.
    public func personas() async throws -> [Persona] {
        try await connection.query(
            """
            SELECT id, slug, name, description, system_prompt FROM personality_templates
            WHERE is_active ORDER BY slug NULLS LAST, name, id
            """
        ).map(Persona.init)
    }
}

extension Persona {
    fileprivate init(_ row: PostgresRow) throws {
        self.init(
            id: try row.decode("id", as: PersonaID.self),
            slug: try row.decode("slug", as: String?.self),
            name: try row.decode("name", as: String.self),
            summary: try row.decode("description", as: String?.self),
            systemPrompt: try row.decode("system_prompt", as: String?.self) ?? "")
    }
}
