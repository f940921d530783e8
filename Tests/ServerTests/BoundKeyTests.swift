import Domain
import Foundation
import HTTPTypes
import TestSupport
import Testing

/// What a key that is bound to one assistant reaches, whatever its permissions: that assistant with all that is in it, nothing in the
/// user's other assistants, and nothing that they share.
@Suite struct BoundKeyTests {
    /// One attempt: `:name` in the path and `{name}` in the body stand for the row of that name.
    private typealias Attempt = (method: HTTPRequest.Method, path: String, body: String?)

    private static let refused: [Attempt] = [
        (.post, "/v1/assistants", #"{"name":"x"}"#),
        (.get, "/v1/assistants/vault", nil), (.get, "/v1/assistants/:vault", nil), (.patch, "/v1/assistants/vault", #"{"name":"x"}"#),
        (.delete, "/v1/assistants/vault?conversations=keep", nil), (.put, "/v1/assistants/vault/skills/:skill", "{}"),
        (.get, "/v1/conversations/:conversation", nil), (.patch, "/v1/conversations/:conversation", #"{"title":"x"}"#),
        (.delete, "/v1/conversations/:conversation", nil), (.post, "/v1/conversations/:conversation/archive", nil),
        (.post, "/v1/conversations/:archived/restore", nil), (.get, "/v1/archive/conversations/:archived", nil),
        (.get, "/v1/archive/conversations/:archived/messages", nil), (.delete, "/v1/archive/conversations/:archived", nil),
        (.post, "/v1/conversations", #"{"assistant_id":"{vault}"}"#), (.post, "/v1/conversations", #"{"persona_id":"business-assistant"}"#),
        (.get, "/v1/conversations/:conversation/messages", nil), (.get, "/v1/conversations/:conversation/messages?archived=true", nil),
        (.post, "/v1/conversations/:conversation/messages", #"{"role":"user","content":"x"}"#),
        (.get, "/v1/conversations/:conversation/messages/:message", nil),
        (.patch, "/v1/conversations/:conversation/messages/:message", #"{"content":"x"}"#),
        (.delete, "/v1/conversations/:conversation/messages/:message", nil),
        (.get, "/v1/knowledge?assistant=vault", nil), (.post, "/v1/knowledge", #"{"assistant":"vault","content":"x"}"#),
        (.get, "/v1/knowledge/:knowledge", nil), (.patch, "/v1/knowledge/:knowledge", #"{"tags":["x"]}"#),
        (.patch, "/v1/knowledge/:knowledge", #"{"content":"x"}"#), (.delete, "/v1/knowledge/:knowledge", nil),
        (.get, "/v1/files?assistant=vault", nil), (.get, "/v1/files?conversation=:conversation", nil),
        (.post, "/v1/files?assistant=vault&name=x.txt", "text"),
        (.post, "/v1/files?conversation=:conversation&name=x.txt", "text"), (.get, "/v1/files/:file", nil),
        (.patch, "/v1/files/:file", #"{"filename":"x.txt"}"#), (.patch, "/v1/files/:file", #"{"tags":["x"]}"#),
        (.patch, "/v1/files/:file", "{}"), (.delete, "/v1/files/:file", nil),
        (.post, "/v1/knowledge", #"{"assistant":"vault","url":"http://example.com/x.md"}"#),
        // What is for all, which administrators write.
        (.post, "/v1/knowledge", #"{"shared":true,"content":"x"}"#),
        (.post, "/v1/knowledge", #"{"shared":true,"url":"http://example.com/x.md"}"#),
        (.patch, "/v1/knowledge/:common", #"{"tags":["x"]}"#), (.delete, "/v1/knowledge/:common", nil),
        (.post, "/v1/files?shared=true&name=x.txt", "text"), (.patch, "/v1/files/:commonFile", #"{"tags":["x"]}"#),
        (.delete, "/v1/files/:commonFile", nil),
        (.patch, "/v1/personas/customer-service", #"{"system_prompt":"x"}"#), (.patch, "/v1/personas/guard", #"{"name":"x"}"#),
        (.patch, "/v1/personas/:template", #"{"name":"x"}"#), (.patch, "/v1/templates/:builtIn", #"{"is_active":false}"#),
        (.post, "/v1/templates/:builtIn/versions", #"{"system_prompt":"x"}"#),
        (.post, "/v1/templates/:builtIn/versions/1/publish", nil), (.delete, "/v1/templates/:builtIn/versions/2", nil),
        // Another user's assistant that is public.
        (.get, "/v1/assistants/:open", nil), (.patch, "/v1/assistants/:open", #"{"name":"x"}"#),
        (.post, "/v1/search", #"{"assistant":"{open}","query":"ferry"}"#),
        (.post, "/v1/context", #"{"assistant":"{open}","query":"ferry"}"#),
        (.post, "/v1/conversations", #"{"assistant_id":"{open}"}"#),
        (.get, "/v1/usage/summary?assistant=vault", nil),
        (.post, "/v1/search", #"{"assistant":"vault","query":"ferry"}"#),
        (.post, "/v1/search", #"{"assistant":"{vault}","query":"ferry"}"#),
        (.post, "/v1/context", #"{"assistant":"vault","query":"ferry"}"#),
        (.post, "/v1/keys", #"{"name":"x","scopes":["read"]}"#), (.post, "/v1/keys", #"{"name":"x","assistants":["vault"]}"#),
        (.post, "/v1/keys", #"{"name":"x","assistants":["harbour","{vault}"]}"#),
        (.get, "/v1/keys/:key", nil), (.patch, "/v1/keys/:key", #"{"name":"x"}"#), (.post, "/v1/keys/:key/revoke", nil),
        (.delete, "/v1/keys/:key", nil), (.delete, "/v1/keys/:vaultKey", nil),
        (.post, "/v1/voices", #"{"name":"x"}"#), (.patch, "/v1/voices/:voice", #"{"name":"x"}"#), (.delete, "/v1/voices/:voice", nil),
        (.patch, "/v1/skills/:skill", #"{"name":"x"}"#), (.delete, "/v1/skills/:skill", nil),
        (.patch, "/v1/templates/:template", #"{"system_prompt":"x"}"#),
        (.post, "/v1/templates/:template/versions", #"{"system_prompt":"x"}"#),
        (.post, "/v1/templates/:template/versions/2/publish", nil), (.delete, "/v1/templates/:template/versions/2", nil),
        (.delete, "/v1/templates/:template", nil),
        (.patch, "/v1/preferences", #"{"theme":"dark"}"#), (.patch, "/v1/me", #"{"first_name":"x"}"#),
        (.post, "/v1/me/password", #"{"old_password":"wrong wrong","new_password":"another one"}"#), (.post, "/v1/me/deactivate", nil),
        (.delete, "/v1/me", #"{"password":"wrong wrong"}"#), (.get, "/v1/users", nil), (.get, "/v1/users/bob", nil),
        (.put, "/v1/settings/max_file_size", #"{"value":1}"#), (.get, "/v1/admin/stats", nil),
        (.post, "/v1/admin/archive", #"{"inactive":"1day"}"#),
    ]

    @Test func `A key bound to one assistant reaches nothing of another, and nothing that they share`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let rows = try await fill(api)
            let key = try await bound(api, to: "harbour")
            let wasAccounted = try await eventually { api.usage.pending == 0 }
            #expect(wasAccounted)
            let before = try await api.rowsOfAlice()
            let common = try await rowsOfAll(api)
            for attempt in Self.refused {
                let body = attempt.body.map { body in rows.reduce(body) { $0.replacing("{\($1.key)}", with: $1.value) } }
                let reply = try await api.send(attempt.method, try path(attempt.path, rows), body, as: key)
                #expect([403, 404].contains(reply.status), "\(attempt.method) \(attempt.path): \(reply.status) \(reply.text)")
                #expect(!reply.text.contains("sealed"), "\(attempt.method) \(attempt.path): \(reply.text)")
            }
            for list in [
                "assistants", "assistants?visibility=public", "conversations", "archive/conversations", "files",
                "files?visibility=shared", "usage", "keys", "knowledge?assistant=harbour", "knowledge?visibility=shared",
            ] {
                let reply = try await api.send(.get, "/v1/\(list)", as: key)
                #expect(reply.status == 200, "\(list): \(reply.text)")
                for (name, id) in rows { #expect(!reply.text.contains(id), "\(name) in \(list)") }
                #expect(!reply.text.contains("sealed"), "\(list): \(reply.text)")
            }
            // A refused request uses no model in the name of an assistant the key does not reach, either.
            let isAccounted = try await eventually { api.usage.pending == 0 }
            #expect(isAccounted)
            let after = try await api.rowsOfAlice()
            #expect(after == before, "changed: \(Set(after).symmetricDifference(before))")
            #expect(try await rowsOfAll(api) == common, "nothing that is for all changed")
        }
    }

    @Test func `A key bound to an assistant does everything within it`() async throws {
        try await LiveAPI.with { api in
            let harbour = try await api.make("/v1/assistants", #"{"name":"harbour"}"#)
            let key = try await bound(api, to: "harbour")
            let conversation = try await api.make("/v1/conversations", #"{"assistant_id":"\#(harbour)"}"#, as: key)
            let messages = "/v1/conversations/\(conversation)/messages"
            let message = try await api.make(messages, #"{"role":"user","content":"When does the ferry leave?"}"#, as: key)
            let changed = try await api.send(.patch, "\(messages)/\(message)", #"{"metadata":{"calm":true}}"#, as: key)
            #expect(changed.status == 200, "\(changed.text)")
            #expect(try await api.send(.get, messages, as: key).ids() == [message])
            #expect(try await api.send(.delete, "\(messages)/\(message)", as: key).status == 200)
            let last = try await api.make(messages, #"{"role":"user","content":"And back?"}"#, as: key)
            #expect(try await api.send(.post, "/v1/conversations/\(conversation)/archive", as: key).status == 200)
            #expect(try await api.send(.get, "/v1/archive/conversations", as: key).ids() == [conversation])
            #expect(try await api.send(.get, "/v1/archive/conversations/\(conversation)/messages", as: key).ids() == [last])
            #expect(try await api.send(.post, "/v1/conversations/\(conversation)/restore", as: key).status == 200)
            #expect(try await api.send(.get, "\(messages)?archived=true", as: key).ids().isEmpty)
            #expect(try await api.send(.post, "/v1/conversations/\(conversation)/archive", as: key).status == 200)
            #expect(try await api.send(.delete, "/v1/archive/conversations/\(conversation)", as: key).status == 200)
            let passage = try await api.make("/v1/knowledge", #"{"assistant":"harbour","content":"The ferry leaves at noon."}"#, as: key)
            #expect(try await api.send(.patch, "/v1/knowledge/\(passage)", #"{"tags":["tide"]}"#, as: key).status == 200)
            #expect(try await api.send(.delete, "/v1/knowledge/\(passage)", as: key).status == 200)
            let upload = try await api.send(.post, "/v1/files?assistant=harbour&name=a.txt", "The ferry leaves at noon.", as: key)
            let file = "/v1/files/\(try upload.string("id"))"
            #expect(try await api.send(.patch, file, #"{"filename":"b.txt","tags":["tide"]}"#, as: key).status == 200)
            #expect(try await api.send(.get, file, as: key).string("filename") == "b.txt")
            #expect(try await api.send(.delete, file, as: key).status == 200)
            #expect(try await api.send(.get, "/v1/personas/customer-service", as: key).status == 200)
            #expect(try await api.send(.patch, "/v1/assistants/harbour", #"{"description":"d"}"#, as: key).status == 200)
            let second = try await api.make("/v1/keys", #"{"name":"second","scopes":["read"],"assistants":["harbour"]}"#, as: key)
            #expect(try await api.send(.get, "/v1/keys", as: key).ids().contains(second))
            #expect(try await api.send(.post, "/v1/keys/\(second)/revoke", as: key).status == 200)
        }
    }

    /// The rows that are built in or shared, as texts.
    private func rowsOfAll(_ api: LiveAPI) async throws -> [String] {
        try await api.db.administrate(
            """
            SELECT (SELECT string_agg(t::text, E'\\n' ORDER BY id) FROM personality_templates t WHERE user_id = \(UserID.system))
            UNION ALL SELECT string_agg(v::text, E'\\n' ORDER BY v::text) FROM personality_template_versions v
                WHERE user_id = \(UserID.system)
            UNION ALL SELECT string_agg(concat_ws(' ', id, content, tags), E'\\n' ORDER BY id) FROM knowledge_base
                WHERE user_id = \(UserID.system)
            UNION ALL SELECT string_agg(concat_ws(' ', id, file_name, tags), E'\\n' ORDER BY id) FROM files
                WHERE user_id = \(UserID.system)
            """
        ).map { try $0.decode(String.self) }
    }

    private func bound(_ api: LiveAPI, to assistant: String) async throws -> String {
        let made = try await api.send(
            .post, "/v1/keys", #"{"name":"bound","scopes":["read","ingest","admin"],"assistants":["\#(assistant)"]}"#)
        return try made.string("key")
    }

    private func path(_ text: String, _ rows: [String: String]) throws -> String {
        let text = try rows.reduce(text) { $0.replacing(try Regex(":\($1.key)\\b"), with: $1.value) }
        try #require(!text.contains(":"), "a placeholder without a row: \(text)")
        return text
    }

    /// The assistant "harbour", and rows of every kind that belong to the assistant "vault" or to the user.
    private func fill(_ api: LiveAPI) async throws -> [String: String] {
        _ = try await api.make("/v1/assistants", #"{"name":"harbour"}"#)
        var rows: [String: String] = [:]
        rows["voice"] = try await api.make("/v1/voices", #"{"name":"low"}"#)
        rows["skill"] = try await api.make(
            "/v1/skills", #"{"skill_code":"s","name":"n","description":"d","skill_type":"t","configuration":{}}"#)
        let template = try await api.make("/v1/templates", #"{"name":"guard","system_prompt":"Guard."}"#)
        rows["template"] = template
        #expect(try await api.send(.post, "/v1/templates/\(template)/versions", #"{"system_prompt":"Guard well."}"#).status == 201)
        let vault = try await api.make("/v1/assistants", #"{"name":"vault","description":"sealed","persona":"\#(template)"}"#)
        rows["vault"] = vault
        rows["builtIn"] = try await api.send(.get, "/v1/personas/customer-service").string("id")
        rows["open"] = try await api.make(
            "/v1/assistants", #"{"name":"open","is_public":true,"settings":{"share_knowledge":true}}"#, as: api.bob)
        rows["common"] = try await api.make("/v1/knowledge", #"{"shared":true,"content":"The ferry is sealed."}"#)
        let common = try await api.send(.post, "/v1/files?shared=true&name=c.txt", "The ferry is sealed.").string("id")
        rows["commonFile"] = common
        #expect(try await api.send(.get, "/v1/files/\(common)?wait=30").string("state") == "done")
        let conversation = try await api.make("/v1/conversations", #"{"assistant_id":"\#(vault)","title":"sealed"}"#)
        rows["conversation"] = conversation
        rows["message"] = try await api.make("/v1/conversations/\(conversation)/messages", #"{"role":"user","content":"sealed"}"#)
        let archived = try await api.make("/v1/conversations", #"{"assistant_id":"\#(vault)","title":"sealed"}"#)
        rows["archived"] = archived
        #expect(try await api.send(.post, "/v1/conversations/\(archived)/archive").status == 200)
        rows["knowledge"] = try await api.make("/v1/knowledge", #"{"assistant":"vault","content":"The ferry is sealed."}"#)
        let file = try await api.send(.post, "/v1/files?assistant=vault&name=a.txt", "The ferry is sealed.").string("id")
        rows["file"] = file
        #expect(try await api.send(.get, "/v1/files/\(file)?wait=30").string("state") == "done")
        rows["key"] = try await api.make("/v1/keys", #"{"name":"sealed"}"#)
        rows["vaultKey"] = try await api.make("/v1/keys", #"{"name":"sealed","assistants":["vault"]}"#)
        // A first look writes the defaults.
        #expect(try await api.send(.get, "/v1/preferences").status == 200)
        return rows
    }
}
