import Postgres

extension Resource {
    /// Conversations of a user with an assistant or a persona.
    public static let conversation = Resource(
        "conversation", collection: "conversations", table: "conversations",
        columns: [
            .init("assistant_id", .reference(table: "assistants"), access: .onCreate, isFilter: true),
            // Another user's public assistant the conversation began with, and its name then.
            .init("public_assistant_id", .reference(table: "assistants"), access: .never),
            .init("public_assistant_name", .text(maximum: 100), access: .never),
            .init("persona_id", .personaSlug, access: .onCreate, isFilter: true),
            .init("template_version", .integer(1...1_000_000), access: .never),
            .init("title", .text(maximum: 200)),
            .init("conversation_type", .text(maximum: 50), isFilter: true),
            .init("status", .choice(["active", "ended", "archived"]), isNullable: false, isFilter: true),
            .init("voice_enabled", .boolean, isNullable: false),
            .init("voice_id", .reference(table: "voices")),
            .init("message_count", .integer(0...Int(Int32.max)), access: .never),
            .init("metadata", .object),
            .init("started_at", .instant, access: .never),
            .init("ended_at", .instant, access: .never),
        ] + times,
        sorts: ["updated_at", "created_at"], assistantColumn: "assistant_id")

    /// Messages of a conversation, in the order they were written.
    public static let message = Resource(
        "message", collection: "messages", table: "messages",
        columns: [
            .init("conversation_id", .reference(table: "conversations"), access: .never),
            .init("role", .choice(["user", "assistant", "system", "tool"]), access: .onCreate, isRequired: true, isFilter: true),
            .init("content", .text(maximum: 1_000_000)),
            .init("content_type", .text(maximum: 50), isNullable: false),
            .init("parent_id", .reference(table: "messages"), access: .onCreate, isFilter: true),
            .init("emotion", .text(maximum: 20)),
            .init("tokens_used", .integer(0...Int(Int32.max))),
            .init("metadata", .object),
            .init("created_at", .instant, access: .never),
        ],
        conversationTables: ["conversations"], bulkColumn: "content",
        expansions: [
            (
                "attachments",
                """
                coalesce((
                    SELECT jsonb_agg(jsonb_build_object('id', f.id, 'file_name', f.file_name, 'file_size', f.file_size) ORDER BY f.created_at)
                    FROM files f WHERE f.user_id = r.user_id AND f.conversation_id = r.conversation_id
                        AND f.message_created_at = r.created_at AND f.message_id = r.id), '[]')
                """
            )
        ])

    /// Conversations in the archive, as they were. Most of their messages came there before them, so they are counted there.
    public static let archivedConversation = Resource(
        "archived_conversation", collection: "archive/conversations", table: "conversations_archive",
        columns: conversation.columns.filter { $0.member != "message_count" }.map(\.archived) + [archivedAt],
        sorts: ["updated_at"], assistantColumn: "assistant_id",
        expansions: [
            ("message_count", "(SELECT count(*) FROM messages_archive m WHERE m.user_id = r.user_id AND m.conversation_id = r.id)")
        ])

    /// Messages in the archive, of conversations there and of others.
    public static let archivedMessage = Resource(
        "archived_message", collection: "archive/messages", table: "messages_archive",
        columns: message.columns.map(\.archived) + [archivedAt],
        conversationTables: ["conversations", "conversations_archive"], bulkColumn: "content")

    private static let archivedAt = ResourceColumn("archived_at", .instant, access: .never)

    /// What was used, a row for each call of a model.
    public static let usage = Resource(
        "usage", collection: "usage", table: "api_usage",
        columns: [
            .init("assistant_id", .reference(table: "assistants"), column: "secretary_id", access: .never, isFilter: true),
            .init("api_name", .text(maximum: 100), access: .never, isFilter: true),
            .init("model", .text(maximum: 100), access: .never, isFilter: true),
            .init("tokens_used", .integer(0...Int(Int32.max)), access: .never),
            .init("cost", .decimal, access: .never),
            .init("response_time_ms", .integer(0...Int(Int32.max)), access: .never),
            .init("success", .boolean, access: .never, isFilter: true),
            .init("error_message", .text(maximum: 10_000), access: .never),
            .init("metadata", .object, access: .never),
            .init("created_at", .instant, access: .never),
        ],
        assistantColumn: "secretary_id")

    /// Passages, those of files and those written directly.
    public static let knowledge = Resource(
        "knowledge", collection: "knowledge", table: "knowledge_base",
        columns: [
            .init("assistant_id", .reference(table: "assistants"), column: "secretary_id", access: .onCreate, isFilter: true),
            .init("file_id", .reference(table: "files"), access: .never, isFilter: true),
            .init("ordinal", .integer(0...Int(Int32.max)), access: .never),
            .init("content", .text(maximum: 100_000), isRequired: true),
            .init("embedding_model", .text(maximum: 100), access: .never),
            .init("token_count", .integer(0...Int(Int32.max)), access: .never),
            .init("heading_path", .tags, access: .never),
            .init("page_from", .integer(0...Int(Int32.max)), access: .never),
            .init("page_to", .integer(0...Int(Int32.max)), access: .never),
            .init("char_start", .integer(0...Int(Int32.max)), access: .never),
            .init("char_end", .integer(0...Int(Int32.max)), access: .never),
            .init("source_type", .text(maximum: 50), isFilter: true),
            .init("source_url", .text(maximum: 500)),
            .init("tags", .tags, isNullable: false, isFilter: true),
            .init("metadata", .object),
        ] + times,
        assistantColumn: "secretary_id", bulkColumn: "content")

    /// What may be changed of an uploaded file. Its identity, the source path, stays; its bytes change by another upload.
    static let file = Resource(
        "file", collection: "files", table: "files",
        columns: [
            .init("assistant_id", .reference(table: "assistants"), access: .never),
            .init("filename", .text(maximum: 255), column: "file_name", isRequired: true),
            .init("tags", .tags, isNullable: false),
            .init("metadata", .object, isNullable: false),
        ],
        assistantColumn: "assistant_id")

    /// A user's preferences: one row, found by its user.
    public static let preferences = Resource(
        "preferences", collection: "preferences", table: "user_preferences",
        columns: [
            .init("preferred_persona", .personaSlug),
            .init("avatar_customization", .object),
            .init("voice_enabled", .boolean, isNullable: false),
            .init("theme", .choice(["light", "dark"]), isNullable: false),
            .init("language", .text(maximum: 10), isNullable: false),
            .init("timezone", .text(maximum: 50)),
            .init("notification_settings", .object),
            .init("privacy_settings", .object),
            .init("default_assistant_id", .reference(table: "assistants")),
        ] + times)
}
