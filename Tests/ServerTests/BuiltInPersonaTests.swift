import Foundation
import HTTPTypes
import TestSupport
import Testing

/// Administrators edit the built-in personas, with versions, drafts and the way back; nobody else does.
@Suite struct BuiltInPersonaTests {
    @Test func `Administrators change a built-in persona, draft, publish and go back`() async throws {
        try await LiveAPI.with { api in
            let path = "/v1/personas/education-tutor"
            let first = try await api.send(.get, path, as: api.bob)
            let (id, prompt) = (try first.string("id"), try first.string("system_prompt"))
            let template = "/v1/templates/\(id)"
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let change = #"{"system_prompt":"Ask first.","description":"asks","avatar_model":"owl"}"#
            #expect(try await api.send(.patch, path, change, headers: ["If-Match": "\"0\""]).status == 412)
            let changed = try await api.send(.patch, path, change, headers: ["If-Match": first.version ?? ""])
            #expect(changed.status == 200, "\(changed.text)")
            #expect(try changed.number("published_version") == 2)
            #expect(try changed.string("slug") == "education-tutor" && changed.string("avatar_model") == "owl")
            let seen = try await api.db.asApp(api.db.bob) {
                try await $0.query("SELECT system_prompt FROM chatbot_personas WHERE id = 'education-tutor'").first?.decode(String.self)
            }
            #expect(seen == "Ask first.")

            let draft = try await api.send(.post, "\(template)/versions", #"{"system_prompt":"Ask twice."}"#)
            #expect(try draft.status == 201 && draft.number("version") == 3)
            #expect(try await api.send(.get, "\(template)/versions").text.contains("Ask twice."))
            #expect(try await api.send(.get, "\(template)/versions", as: api.bob).text.contains("Ask twice.") == false)
            #expect(try await api.send(.get, path, as: api.bob).string("system_prompt") == "Ask first.")
            #expect(try await api.send(.post, "\(template)/versions/3/publish").status == 200)
            #expect(try await api.send(.get, path, as: api.bob).string("system_prompt") == "Ask twice.")
            let back = try await api.send(.post, "\(template)/versions/1/publish")
            #expect(try back.string("system_prompt") == prompt && back.number("published_version") == 1)
            let again = try await api.send(.post, "\(template)/versions", #"{"system_prompt":"Never."}"#)
            #expect(try await api.send(.delete, "\(template)/versions/\(try again.number("version"))").status == 200)

            #expect(try await api.send(.patch, path, #"{"is_active":false}"#).status == 200)
            #expect(try await api.send(.get, "/v1/personas", as: api.bob).text.contains("education-tutor") == false)
            #expect(try await api.send(.patch, path, #"{"is_active":true}"#).status == 200)
            #expect(try await api.send(.delete, template).status == 404, "a built-in persona is never deleted")
            #expect(try await api.send(.patch, path, #"{"slug":"mine"}"#).code == "invalid_slug")
        }
    }

    @Test func `Nobody else changes a built-in persona, whatever the route`() async throws {
        try await LiveAPI.with { api in
            let id = try await api.send(.get, "/v1/personas/customer-service").string("id")
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let draft = try await api.send(.post, "/v1/templates/\(id)/versions", #"{"system_prompt":"next"}"#)
            #expect(draft.status == 201)
            let narrow = try await api.send(.post, "/v1/keys", #"{"name":"n","scopes":["read","ingest"]}"#).string("key")
            for key in [api.bob, narrow] {
                for (method, path, body) in [
                    (.patch, "/v1/personas/customer-service", #"{"name":"x"}"#), (.patch, "/v1/templates/\(id)", #"{"name":"x"}"#),
                    (.post, "/v1/templates/\(id)/versions", #"{"system_prompt":"x"}"#),
                    (.post, "/v1/templates/\(id)/versions/2/publish", nil), (.delete, "/v1/templates/\(id)/versions/2", nil),
                    (.delete, "/v1/templates/\(id)", nil),
                ] as [(HTTPRequest.Method, String, String?)] {
                    #expect(try await api.send(method, path, body, as: key).status == 404, "\(method) \(path)")
                }
            }
            let template = try await api.send(.get, "/v1/templates/\(id)")
            #expect(try template.number("published_version") == 1 && template.string("name") == "Customer Service")
            // Templates of other users are not the administrator's to change.
            let bobs = try await api.make("/v1/templates", #"{"name":"Bob's","system_prompt":"x"}"#, as: api.bob)
            #expect(try await api.send(.patch, "/v1/templates/\(bobs)", #"{"name":"x"}"#).status == 404)
            #expect(try await api.send(.get, "/v1/templates/\(bobs)/versions").status == 404)
        }
    }
}
