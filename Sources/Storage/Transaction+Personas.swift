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
            let known = try await personas(limit: 100).compactMap(\.slug).joined(separator: ", ")
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

    /// A page of the personas the scope may see: those built in by slug, then one's own and everybody's public ones by name; one more than
    /// asked for when there are more.
    /// - Parameter after: the last persona of the page before.
    public func personas(limit: Int, after: PersonaID? = nil) async throws -> [Persona] {
        var (slug, name): (String?, String?) = (nil, nil)
        if let after {
            let rows = try await connection.query("SELECT slug, name FROM personality_templates WHERE id = \(after)")
            guard let row = rows.first else { throw Self.noAnchor(after) }
            slug = try row.decode("slug", as: String?.self)
            if slug == nil { name = try row.decode("name", as: String.self) }
        }
        let columns: SQL = "id, slug, name, description, system_prompt"
        var page: [Persona] = []
        if name == nil {
            page = try await connection.query(
                """
                SELECT \(columns) FROM personality_templates
                WHERE slug > \(slug ?? "") AND is_active ORDER BY slug LIMIT \(limit + 1)
                """
            ).map(Persona.init)
        }
        guard page.count <= limit else { return page }
        let (user, most) = (try scope.userID, limit + 1 - page.count)
        let behind: SQL = name.map { "(name, id) > (\($0), \(after))" } ?? "true"
        // Each part is in the order of its index; a condition with OR would sort all.
        page += try await connection.query(
            """
            SELECT \(columns) FROM (
                (SELECT \(columns) FROM personality_templates
                 WHERE user_id = \(user) AND slug IS NULL AND is_active AND \(behind) ORDER BY name, id LIMIT \(most))
                UNION ALL
                (SELECT \(columns) FROM personality_templates
                 WHERE is_public AND user_id <> \(user) AND slug IS NULL AND is_active AND \(behind) ORDER BY name, id LIMIT \(most))
                UNION ALL
                (SELECT \(columns) FROM personality_templates
                 WHERE user_id = \(UserID.system) AND user_id <> \(user) AND NOT is_public AND slug IS NULL AND is_active AND \(behind)
                 ORDER BY name, id LIMIT \(most))
            ) AS parts ORDER BY name, id LIMIT \(most)
            """
        ).map(Persona.init)
        return page
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
