public import Domain
public import Foundation
import Postgres

extension Transaction {
    /// Begins a conversation with an assistant or a persona, and pins the version of its persona. With another user's public assistant
    /// it is held with that one's persona, and keeps which assistant it was.
    ///
    /// A request that names neither takes the user's `default_assistant_id`, else their `preferred_persona`.
    /// - Throws: as ``create(_:_:)``; `invalid_request` when nothing says with whom; `forbidden` when the scope is bound to assistants
    ///   and none is named.
    public func createConversation(_ members: [String: JSONValue]) async throws -> ResourceRow {
        var members = members
        guard scope.assistants == nil || (members["assistant_id"] ?? .null) != .null else {
            throw Problem(
                .forbidden, code: "key_bound", "This key is bound to some assistants, so the conversation must be with one of them.",
                remedy: "Send assistant_id.", parameter: "assistant_id")
        }
        if (members["assistant_id"] ?? .null) == .null, (members["persona_id"] ?? .null) == .null {
            members.merge(try await preferredPartner()) { _, preferred in preferred }
        }
        let used = try await personaUsed(by: members)
        if let used {
            members["assistant_id"] = nil
            members["persona_id"] = .string(used.slug)
        }
        let made = try await create(.conversation, members)
        try await connection.execute(
            """
            UPDATE conversations c SET personality_template_id = t.id, template_version = t.published_version
            FROM \(used?.pinned ?? "personality_templates t")
            WHERE c.user_id = \(try scope.userID) AND c.id = \(made.id)
                AND t.id = coalesce(
                    \(used?.template),
                    (SELECT p.id FROM personality_templates p WHERE p.slug = c.persona_id),
                    (SELECT a.personality_template_id FROM assistants a WHERE a.user_id = c.user_id AND a.id = c.assistant_id))
            """)
        if let used {
            try await connection.execute(
                """
                UPDATE conversations SET public_assistant_id = \(used.assistant), public_assistant_name = \(used.assistantName)
                WHERE user_id = \(try scope.userID) AND id = \(made.id)
                """)
        }
        return try await get(.conversation, made.id)
    }

    private struct UsedPersona {
        let slug: String
        /// A template that may be another user's private one; nil: the one of the slug.
        let template: PersonaID?
        let assistant: AssistantID
        let assistantName: String

        var pinned: SQL? { template.map { _ in "public_persona(\(assistant)) t" } }
    }

    /// The persona that takes the assistant's place when the members name another user's public one; nil for one's own.
    ///
    /// Others use such an assistant's persona, so the conversation is held with that alone, pinned at its version of now: what the owner
    /// does to the assistant afterwards does not reach into others' conversations.
    private func personaUsed(by members: [String: JSONValue]) async throws -> UsedPersona? {
        guard case .string(let text)? = members["assistant_id"], let id = AssistantID(text), scope.assistants == nil else { return nil }
        let rows = try await connection.query(
            """
            SELECT p.id, p.slug, a.name FROM assistants a LEFT JOIN LATERAL public_persona(a.id) p ON true
            WHERE a.id = \(id) AND a.user_id <> \(try scope.userID) AND a.is_public AND a.is_active
            """)
        guard let row = rows.first else { return nil }
        let name = try row.decode("name", as: String.self)
        if case .string(let chosen)? = members["persona_id"] {
            return UsedPersona(slug: chosen, template: nil, assistant: id, assistantName: name)
        }
        return UsedPersona(
            slug: try row.decode("slug", as: String?.self) ?? Persona.defaultSlug, template: try row.decode("id", as: PersonaID?.self),
            assistant: id, assistantName: name)
    }

    private func preferredPartner() async throws -> [String: JSONValue] {
        let rows = try await connection.query(
            """
            SELECT a.id AS assistant, p.preferred_persona AS persona FROM user_preferences p
            LEFT JOIN assistants a ON a.id = p.default_assistant_id
            WHERE p.user_id = \(try scope.userID)
            """)
        if let assistant = try rows.first?.decode("assistant", as: AssistantID?.self) { return ["assistant_id": .string("\(assistant)")] }
        if let persona = try rows.first?.decode("persona", as: String?.self) { return ["persona_id": .string(persona)] }
        throw Problem(
            .invalidRequest, code: "member_missing", "Neither assistant_id nor persona_id says with whom the conversation is.",
            remedy: "Send one of them, or set default_assistant_id or preferred_persona in the preferences.", parameter: "assistant_id")
    }

    /// Appends a message; the conversation's count, time and title follow by trigger.
    /// - Parameter attachments: files of this conversation that belong to the message.
    /// - Throws: `not_found` for a conversation, parent or file that is not the scope's, `conflict` when the conversation has ended.
    public func appendMessage(
        _ members: [String: JSONValue], to conversation: UUID, attachments: [FileID] = []
    ) async throws -> ResourceRow {
        try await requireOpenConversation(conversation)
        // The clock and not the transaction's time: messages of one transaction have an order, too.
        let made = try await create(
            .message, members, fixed: [("conversation_id", "\(conversation)"), ("created_at", "clock_timestamp()")])
        guard !attachments.isEmpty else { return made }
        let attached = try await connection.execute(
            """
            UPDATE files f SET message_id = m.id, message_created_at = m.created_at FROM messages m
            WHERE m.user_id = \(try scope.userID) AND m.conversation_id = \(conversation) AND m.id = \(made.id)
                AND f.user_id = m.user_id AND f.conversation_id = m.conversation_id AND f.id = ANY (\(attachments))
            """)
        guard attached == Set(attachments).count else {
            throw Problem(
                .notFound, code: "attachment_not_found", "One of the attachments is no file of this conversation.",
                remedy: "Upload it with the field conversation first.", parameter: "attachments")
        }
        return try await get(.message, made.id)
    }

    /// A page of a conversation's messages, in the order they were written unless turned round.
    public func messages(of conversation: UUID, _ query: ResourceQuery) async throws -> [ResourceRow] {
        _ = try await get(.conversation, conversation)
        return try await list(.message, query, within: ["r.conversation_id = \(conversation)"])
    }

    /// A page of a conversation's archived messages, in the same order.
    /// - Parameter resource: where the conversation itself is: `conversation` or `archivedConversation`.
    public func archivedMessages(of conversation: UUID, _ resource: Resource, _ query: ResourceQuery) async throws -> [ResourceRow] {
        _ = try await get(resource, conversation)
        return try await list(.archivedMessage, query, within: ["r.conversation_id = \(conversation)"])
    }

    /// The branch that ends in a message: what it answers, and what that answers, from the beginning; the last ones, as many and as long
    /// as those of a page.
    public func branch(of conversation: UUID, to leaf: UUID, limit: Int) async throws -> [ResourceRow] {
        let user = try scope.userID
        let rows = try await connection.query(
            """
            WITH RECURSIVE path AS (
                SELECT m.id, m.parent_id, 1 AS step, octet_length(coalesce(m.content, ''))::bigint AS bytes FROM messages m
                WHERE m.user_id = \(user) AND m.conversation_id = \(conversation) AND m.id = \(leaf)
                UNION ALL
                SELECT m.id, m.parent_id, path.step + 1, path.bytes + octet_length(coalesce(m.content, '')) FROM path
                JOIN messages m ON m.user_id = \(user) AND m.conversation_id = \(conversation) AND m.id = path.parent_id
                WHERE path.step <= \(limit) AND path.bytes <= \(ResourceQuery.largestPage)
            )
            SELECT \(Resource.message.selection) FROM path
            JOIN messages r ON r.user_id = \(user) AND r.conversation_id = \(conversation) AND r.id = path.id
            ORDER BY path.step DESC
            """)
        guard !rows.isEmpty else { throw Resource.message.notFound(leaf) }
        return try rows.map { try ResourceRow($0) }
    }

    /// A message of a conversation.
    public func message(_ id: UUID, of conversation: UUID) async throws -> ResourceRow {
        try await get(.message, id, within: ["r.conversation_id = \(conversation)"])
    }

    /// Deletes a message; those that answered it answer what it answered.
    public func deleteMessage(_ id: UUID, of conversation: UUID, version: String?) async throws {
        _ = try await message(id, of: conversation)
        try await connection.execute(
            """
            UPDATE messages m SET parent_id = gone.parent_id FROM messages gone
            WHERE gone.user_id = \(try scope.userID) AND gone.conversation_id = \(conversation) AND gone.id = \(id)
                AND m.user_id = gone.user_id AND m.conversation_id = gone.conversation_id AND m.parent_id = gone.id
            """)
        try await delete(.message, id, version: version)
    }

    /// Deletes a conversation with its messages, those that were archived while it went on, too.
    public func deleteConversation(_ id: UUID, version: String?) async throws {
        try await delete(.conversation, id, version: version)
        try await deleteArchivedMessages(of: id)
    }

    /// Deletes a conversation in the archive with its messages and what was attached to it.
    public func deleteArchivedConversation(_ id: UUID, version: String?) async throws {
        try await delete(.archivedConversation, id, version: version)
        try await deleteArchivedMessages(of: id)
        try await connection.execute("DELETE FROM files WHERE user_id = \(try scope.userID) AND archived_conversation_id = \(id)")
    }

    private func deleteArchivedMessages(of conversation: UUID) async throws {
        try await connection.execute(
            "DELETE FROM messages_archive WHERE user_id = \(try scope.userID) AND conversation_id = \(conversation)")
    }

    private func requireOpenConversation(_ id: UUID) async throws {
        let standing = try await connection.query(
            """
            SELECT status FROM conversations r WHERE r.user_id = \(try scope.userID) AND r.id = \(id)
                AND (\(scope.assistants.map(Array.init))::uuid[] IS NULL OR r.assistant_id = ANY (\(scope.assistants.map(Array.init))))
            """)
        guard let status = try standing.first?.decode("status", as: String.self) else { throw Resource.conversation.notFound(id) }
        guard status == "active" else {
            throw Problem(
                .conflict, code: "conversation_\(status)", "The conversation is \(status), so it takes no more messages.",
                remedy: "Set its status to active first, or begin another.")
        }
    }

    /// Moves conversations of the scope's user into the archive, with their messages; how many of each.
    public func archiveConversations(_ ids: [UUID]) async throws -> (conversations: Int, messages: Int) {
        for id in ids { _ = try await get(.conversation, id) }
        return try await moved("SELECT * FROM archive_conversations(\(ids))")
    }

    /// Brings them back.
    public func restoreConversations(_ ids: [UUID]) async throws -> (conversations: Int, messages: Int) {
        var chosen: SQL = "\(ids)"
        if let assistants = scope.assistants.map(Array.init) {
            chosen = """
                ARRAY(
                    SELECT id FROM conversations WHERE id = ANY (\(ids)) AND assistant_id = ANY (\(assistants))
                    UNION SELECT id FROM conversations_archive WHERE id = ANY (\(ids)) AND assistant_id = ANY (\(assistants)))
                """
        }
        let moved = try await moved("SELECT * FROM restore_conversations(\(chosen))")
        guard moved.conversations + moved.messages > 0 || ids.isEmpty else { throw Resource.conversation.notFound(ids[0]) }
        return moved
    }

    private func moved(_ statement: SQL) async throws -> (conversations: Int, messages: Int) {
        guard let row = try await connection.query(statement).first else { return (0, 0) }
        return (try row.decode("conversations", as: Int.self), try row.decode("messages", as: Int.self))
    }
}
