import Postgres

extension Resource {
    /// How assistants sound.
    public static let voice = Resource(
        "voice", collection: "voices", table: "voices",
        columns: [
            .init("name", .text(maximum: 100), isRequired: true),
            .init("provider", .text(maximum: 50), isFilter: true),
            .init("voice_id", .text(maximum: 100)),
            .init("language", .text(maximum: 10), isFilter: true),
            .init("gender", .text(maximum: 20)),
            .init("age_group", .text(maximum: 20)),
            .init("description", .text(maximum: 10_000)),
            .init("sample_url", .text(maximum: 500)),
            .init("settings", .object),
        ] + flags + times,
        sorts: ["created_at", "updated_at", "name"], isShareable: true)

    /// How assistants look.
    public static let avatar = Resource(
        "avatar", collection: "avatars", table: "avatars",
        columns: [
            .init("name", .text(maximum: 100), isRequired: true),
            .init("avatar_type", .text(maximum: 50), isFilter: true),
            .init("image_url", .text(maximum: 500)),
            .init("animated_url", .text(maximum: 500)),
            .init("style", .text(maximum: 50), isFilter: true),
            .init("gender", .text(maximum: 20)),
            .init("age_appearance", .text(maximum: 20)),
            .init("tags", .tags, isNullable: false, isFilter: true),
            .init("metadata", .object),
        ] + flags + times,
        sorts: ["created_at", "updated_at", "name"], isShareable: true)

    /// What assistants can do.
    public static let skill = Resource(
        "skill", collection: "skills", table: "skill_definitions",
        columns: [
            .init("skill_code", .text(maximum: 10), isRequired: true, isFilter: true),
            .init("name", .text(maximum: 100), isRequired: true),
            .init("description", .text(maximum: 10_000), isRequired: true),
            .init("skill_type", .text(maximum: 50), isRequired: true, isFilter: true),
            .init("configuration", .object, isRequired: true),
        ] + flags + times,
        sorts: ["created_at", "updated_at", "name"], isShareable: true)

    /// Personas: who assistants are.
    public static let template = Resource(
        "template", collection: "templates", table: "personality_templates",
        columns: [
            .init("slug", .text(maximum: 50), access: .never),
            .init("name", .text(maximum: 100), isRequired: true),
            .init("description", .text(maximum: 10_000)),
            .init("template_type", .text(maximum: 50), isFilter: true),
            .init("system_prompt", .text(maximum: 100_000)),
            .init("parameters", .object),
            .init("avatar_model", .text(maximum: 100)),
            .init("published_version", .integer(1...1_000_000), access: .never),
        ] + flags + times,
        sorts: ["created_at", "updated_at", "name"], isShareable: true, bulkColumn: "system_prompt")

    /// Assistants, with what they are put together from.
    public static let assistant = Resource(
        "assistant", collection: "assistants", table: "assistants",
        columns: [
            .init("name", .text(maximum: 100), isRequired: true, isFilter: true),
            .init("description", .text(maximum: 10_000)),
            .init("persona_id", .reference(table: "personality_templates"), column: "personality_template_id", isFilter: true),
            .init("voice_id", .reference(table: "voices")),
            .init("avatar_id", .reference(table: "avatars")),
            .init("default_llm_model", .text(maximum: 100)),
            .init("custom_system_prompt", .text(maximum: 65_536)),
            .init("settings", .object, isNullable: false),
        ] + flags + times,
        sorts: ["created_at", "updated_at", "name"], assistantColumn: "id", isShareable: true,
        expansions: [
            ("template", "(SELECT \(template.json(of: "c")) FROM personality_templates c WHERE c.id = r.personality_template_id)"),
            ("voice", "(SELECT \(voice.json(of: "c")) FROM voices c WHERE c.id = r.voice_id)"),
            ("avatar", "(SELECT \(avatar.json(of: "c")) FROM avatars c WHERE c.id = r.avatar_id)"),
            (
                "skills",
                """
                coalesce((
                    SELECT jsonb_agg(\(skill.json(of: "c")) || jsonb_build_object(
                        'is_enabled', a.is_enabled, 'priority', a.priority, 'custom_settings', a.custom_settings)
                        ORDER BY a.priority, c.name, c.id)
                    FROM assistant_skills a JOIN skill_definitions c ON c.id = a.skill_definition_id
                    WHERE a.user_id = r.user_id AND a.assistant_id = r.id), '[]')
                """
            ),
        ])

    static let flags: [ResourceColumn] = [
        .init("is_active", .boolean, isNullable: false, isFilter: true),
        .init("is_public", .boolean, isNullable: false, isFilter: true),
    ]

    static let times: [ResourceColumn] = [
        .init("created_at", .instant, access: .never),
        .init("updated_at", .instant, access: .never),
    ]
}
