import Foundation
import HTTPTypes
import TestSupport
import Testing

/// A public assistant lends its persona to others, its knowledge only when its settings share it; a private one is nobody else's.
@Suite struct PublicAssistantTests {
    private static let context = #"{"assistant":"{id}","query":"when does the ferry leave?"}"#

    @Test func `Others use a public assistant's persona, and its knowledge only while that is shared`() async throws {
        try await LiveAPI.with { api in
            let template = try await api.make("/v1/templates", #"{"name":"Pilot","system_prompt":"You pilot the harbour."}"#)
            let id = try await api.make(
                "/v1/assistants", #"{"name":"kei","persona":"\#(template)","custom_system_prompt":"Be brief.","settings":{}}"#)
            let knowledge = try await api.make("/v1/knowledge", #"{"assistant":"kei","content":"The ferry leaves at nine."}"#)
            let upload = try await api.send(.post, "/v1/files?assistant=kei&name=ferry.md", "# Ferry\n\nThe ferry leaves from pier two.\n")
            let file = try upload.string("id")
            #expect(try await api.send(.get, "/v1/files/\(file)?wait=30").string("state") == "done")
            let talk = try await api.make("/v1/conversations", #"{"assistant_id":"\#(id)"}"#)
            let attached = try await api.send(.post, "/v1/files?conversation=\(talk)&name=secret.md", "The ferry leaves in secret.")
            #expect(try await api.send(.get, "/v1/files/\(try attached.string("id"))?wait=30").string("state") == "done")
            let body = Self.context.replacing("{id}", with: id)
            func ask(as key: String? = nil) async throws -> Reply { try await api.send(.post, "/v1/context", body, as: key ?? api.bob) }

            #expect(try await ask().status == 404, "private")
            #expect(try await api.send(.patch, "/v1/assistants/\(id)", #"{"is_public":true}"#).status == 200)
            let lent = try await ask()
            #expect(lent.status == 200 && lent.text.contains("You pilot the harbour.") && lent.text.contains("Be brief."), "\(lent.text)")
            #expect(!lent.text.contains("ferry leaves"), "\(lent.text)")
            #expect(try await api.send(.post, "/v1/search", body, as: api.bob).text.contains("ferry leaves") == false)
            #expect(try await api.send(.get, "/v1/knowledge/\(knowledge)", as: api.bob).status == 404)

            #expect(try await api.send(.patch, "/v1/assistants/\(id)", #"{"settings":{"share_knowledge":true}}"#).status == 200)
            let shared = try await ask()
            #expect(shared.text.contains("leaves at nine") && shared.text.contains("from pier two"), "\(shared.text)")
            #expect(shared.text.contains(#""file":"ferry.md""#), "the file is cited by its name")
            #expect(!shared.text.contains("in secret"), "an attachment is its conversation's alone")
            #expect(try await api.send(.get, "/v1/knowledge/\(knowledge)", as: api.bob).status == 200)
            let later = try await api.make("/v1/knowledge", #"{"assistant":"kei","content":"The ferry leaves again at noon."}"#)
            #expect(try await eventually { try await ask().text.contains("again at noon") })
            let filtered = try await api.send(
                .post, "/v1/search",
                #"{"assistant":"\#(id)","query":"ferry","filters":{"type":"eq","key":"file","value":"ferry.md"}}"#, as: api.bob)
            #expect(try (filtered.object()["results"] as? [Any])?.count == 1)
            for (method, path, change) in [
                (.patch, "/v1/knowledge/\(later)", #"{"content":"x"}"#), (.delete, "/v1/knowledge/\(later)", nil),
                (.get, "/v1/files/\(file)", nil), (.patch, "/v1/files/\(file)", #"{"tags":[]}"#), (.delete, "/v1/files/\(file)", nil),
                (.post, "/v1/knowledge", #"{"assistant":"\#(id)","content":"x"}"#), (.get, "/v1/knowledge?assistant=\(id)", nil),
                (.patch, "/v1/assistants/\(id)", #"{"name":"x"}"#), (.delete, "/v1/assistants/\(id)", nil),
                (.get, "/v1/templates/\(template)", nil), (.get, "/v1/conversations/\(talk)", nil),
            ] as [(HTTPRequest.Method, String, String?)] {
                #expect(try await api.send(method, path, change, as: api.bob).status == 404, "\(method) \(path)")
            }
            let bound = #"{"name":"b","assistants":["\#(api.db.bob.assistant.id)"]}"#
            let key = try await api.send(.post, "/v1/keys", bound, as: api.bob).string("key")
            #expect(try await ask(as: key).status == 404, "a key bound to assistants reaches those alone")

            #expect(try await api.send(.patch, "/v1/assistants/\(id)", #"{"settings":{}}"#).status == 200)
            #expect(try await ask().text.contains("ferry leaves") == false)
            #expect(try await api.send(.get, "/v1/knowledge/\(knowledge)", as: api.bob).status == 404)
            #expect(try await ask(as: api.alice).text.contains("leaves at nine"), "its owner's as before")
            for change in [#"{"is_active":false}"#, #"{"is_active":true,"is_public":false}"#] {
                #expect(try await api.send(.patch, "/v1/assistants/\(id)", change).status == 200)
                #expect(try await ask().status == 404, "\(change)")
            }
        }
    }

    @Test func `A conversation with another's public assistant is held with its persona`() async throws {
        try await LiveAPI.with { api in
            let template = try await api.make("/v1/templates", #"{"name":"Pilot","system_prompt":"One."}"#)
            #expect(try await api.send(.patch, "/v1/templates/\(template)", #"{"system_prompt":"Two."}"#).status == 200)
            let own = try await api.make("/v1/assistants", #"{"name":"pilot","persona":"\#(template)","is_public":true}"#)
            let tutor = try await api.make("/v1/assistants", #"{"name":"tutor","persona":"education-tutor","is_public":true}"#)
            let hidden = try await api.make("/v1/assistants", #"{"name":"hidden","persona":"education-tutor"}"#)
            for (assistant, persona, version) in [(own, "business-assistant", 2), (tutor, "education-tutor", 1)] {
                let talk = try await api.send(.post, "/v1/conversations", #"{"assistant_id":"\#(assistant)"}"#, as: api.bob)
                #expect(talk.status == 201, "\(talk.text)")
                #expect(try talk.string("persona_id") == persona && talk.number("template_version") == version)
                #expect(try talk.object()["assistant_id"] is NSNull)
                let said = #"{"role":"user","content":"Hello"}"#
                try await api.make("/v1/conversations/\(try talk.string("id"))/messages", said, as: api.bob)
            }
            let pinned = try await api.db.administrate("SELECT FROM conversations WHERE personality_template_id::text = \(template)")
            #expect(pinned.count == 1)
            let chosen = #"{"assistant_id":"\#(own)","persona_id":"customer-service"}"#
            let other = try await api.send(.post, "/v1/conversations", chosen, as: api.bob)
            #expect(try other.string("persona_id") == "customer-service")
            #expect(try await api.send(.post, "/v1/conversations", #"{"assistant_id":"\#(hidden)"}"#, as: api.bob).status == 404)
            let mine = try await api.send(.post, "/v1/conversations", #"{"assistant_id":"\#(own)"}"#)
            #expect(try mine.string("assistant_id") == own && mine.number("template_version") == 2)

            #expect(try await api.send(.patch, "/v1/preferences", #"{"default_assistant_id":"\#(tutor)"}"#, as: api.bob).status == 200)
            #expect(try await api.send(.post, "/v1/conversations", "{}", as: api.bob).string("persona_id") == "education-tutor")
            #expect(try await api.send(.patch, "/v1/assistants/\(tutor)", #"{"is_public":false}"#).status == 200)
            #expect(try await api.send(.post, "/v1/conversations", "{}", as: api.bob).status == 400, "taken back")
        }
    }

    @Test func `Which public assistant a conversation was with stays known to its owner, whatever becomes of the assistant`() async throws {
        try await LiveAPI.with { api in
            let id = try await api.make("/v1/assistants", #"{"name":"pilot","persona":"education-tutor","is_public":true}"#)
            let talk = try await api.send(.post, "/v1/conversations", #"{"assistant_id":"\#(id)"}"#, as: api.bob)
            let path = "/v1/conversations/\(try talk.string("id"))"
            func check(_ reply: Reply, _ what: String) throws {
                #expect(try reply.string("public_assistant_id") == id && reply.string("public_assistant_name") == "pilot", "\(what)")
                #expect(try reply.object()["assistant_id"] is NSNull, "\(what)")
            }
            try check(talk, "at its beginning")
            #expect(try await api.send(.patch, "/v1/assistants/\(id)", #"{"is_public":false,"name":"secret"}"#).status == 200)
            try check(try await api.send(.get, path, as: api.bob), "made private")
            let forged = #"{"public_assistant_name":"x"}"#
            #expect(try await api.send(.patch, path, forged, as: api.bob).status == 400, "nobody writes it")
            #expect(try await api.send(.post, "\(path)/archive", as: api.bob).status == 200)
            #expect(try await api.send(.post, "\(path)/restore", as: api.bob).status == 200)
            try check(try await api.send(.get, path, as: api.bob), "archived and restored")
            #expect(try await api.send(.delete, "/v1/assistants/\(id)").status == 200)
            try check(try await api.send(.get, path, as: api.bob), "deleted")
            let own = try await api.send(.post, "/v1/conversations", #"{"assistant_id":"\#(api.db.bob.assistant.id)"}"#, as: api.bob)
            #expect(try own.object()["public_assistant_id"] is NSNull)
            #expect(try await api.send(.get, path).status == 404, "Alice's assistant gives her no view of Bob's conversation")
        }
    }
}
