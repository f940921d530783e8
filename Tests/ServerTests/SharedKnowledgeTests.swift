import Domain
import Foundation
import Storage
import TestSupport
import Testing

/// Knowledge for all: written by administrators, searched by the assistants that want it, read and never changed by others.
@Suite struct SharedKnowledgeTests {
    @Test func `Administrators write it, others read it, and assistants that want it search it`() async throws {
        try await LiveAPI.with { api in
            let body = #"{"shared":true,"content":"The archive opens at nine.","tags":["hours"]}"#
            let refused = try await api.send(.post, "/v1/knowledge", body)
            #expect(refused.status == 403 && refused.code == "administrator_required")
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let id = try await api.make("/v1/knowledge", body)
            #expect(try await api.send(.get, "/v1/knowledge?visibility=shared", as: api.bob).ids() == [id])
            let read = try await api.send(.get, "/v1/knowledge/\(id)", as: api.bob)
            #expect(read.status == 200 && read.text.contains(#""assistant_id": null"#), "\(read.text)")
            for reply in [
                try await api.send(.patch, "/v1/knowledge/\(id)", #"{"content":"It never opens."}"#, as: api.bob),
                try await api.send(.patch, "/v1/knowledge/\(id)", #"{"tags":[]}"#, as: api.bob),
                try await api.send(.delete, "/v1/knowledge/\(id)", as: api.bob),
            ] {
                #expect(reply.status == 404 && reply.code == "knowledge_not_found")
            }

            try await api.make("/v1/assistants", #"{"name":"open","settings":{"uses_shared_knowledge":true}}"#, as: api.bob)
            try await api.make("/v1/assistants", #"{"name":"closed","settings":{"uses_shared_knowledge":false}}"#, as: api.bob)
            func finds(_ text: String, _ assistant: String) async throws -> Bool {
                try await api.send(.post, "/v1/search", #"{"assistant":"\#(assistant)","query":"archive opens"}"#, as: api.bob)
                    .text.contains(text)
            }
            #expect(try await eventually { try await finds("opens at nine", "open") })
            #expect(try await finds("opens at nine", "closed") == false)
            let context = try await api.send(.post, "/v1/context", #"{"assistant":"open","query":"archive opens"}"#, as: api.bob)
            #expect(context.text.contains("opens at nine"))

            let change = #"{"content":"The archive opens at ten.","tags":["new"]}"#
            let late = try await api.send(.patch, "/v1/knowledge/\(id)", change, headers: ["If-Match": "\"0\""])
            #expect(late.status == 412)
            let changed = try await api.send(.patch, "/v1/knowledge/\(id)", change, headers: ["If-Match": read.version ?? ""])
            #expect(changed.status == 200, "\(changed.text)")
            #expect(try await eventually { try await finds("opens at ten", "open") })
            // Knowledge of Alice's own is no less hers for her being an administrator, and Bob's is not hers.
            let own = try await api.make("/v1/knowledge", #"{"assistant":"\#(api.db.alice.assistant.id)","content":"mine"}"#)
            let bobs = try await api.make("/v1/knowledge", #"{"assistant":"open","content":"his"}"#, as: api.bob)
            #expect(try await api.send(.get, "/v1/knowledge?visibility=shared").ids() == [id])
            #expect(try await api.send(.patch, "/v1/knowledge/\(bobs)", #"{"content":"hers"}"#).status == 404)
            #expect(try await api.send(.delete, "/v1/knowledge/\(bobs)").status == 404)
            for row in [own, id] { #expect(try await api.send(.delete, "/v1/knowledge/\(row)").status == 200) }
            #expect(try await eventually { try await finds("archive opens", "open") == false })
        }
    }

    @Test func `A shared file is cited by its name, and only administrators change it`() async throws {
        try await LiveAPI.with { api in
            #expect(try await api.send(.post, "/v1/files?shared=true&name=hours.md", "# Hours").status == 403)
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let upload = try await api.send(.post, "/v1/files?shared=true&name=hours.md", "# Hours\n\nThe archive opens at nine.\n")
            #expect(upload.status == 202, "\(upload.text)")
            let id = try upload.string("id")
            #expect(try await api.send(.get, "/v1/files/\(id)?wait=30").string("state") == "done")
            #expect(
                try await api.send(.post, "/v1/files?shared=true&name=hours.md", "# Hours\n\nThe archive opens at nine.\n").status == 200)
            for both in ["&assistant=\(api.db.alice.assistant.id)", "&conversation=\(UUID())"] {
                #expect(try await api.send(.post, "/v1/files?shared=true&name=a.md\(both)", "x").code == "invalid_shared")
            }
            #expect(try await api.send(.get, "/v1/files?visibility=shared", as: api.bob).ids() == [id])
            #expect(try await api.send(.get, "/v1/files", as: api.bob).ids().isEmpty)
            #expect(try await api.send(.get, "/v1/files/\(id)", as: api.bob).string("filename") == "hours.md")
            try await api.make("/v1/assistants", #"{"name":"open","settings":{"uses_shared_knowledge":true}}"#, as: api.bob)
            let found = try await eventually {
                let reply = try await api.send(.post, "/v1/context", #"{"assistant":"open","query":"archive opens"}"#, as: api.bob)
                let citations = try reply.object()["citations"] as? [[String: Any]] ?? []
                return citations.first?["file"] as? String == "hours.md"
            }
            #expect(found)
            #expect(try await api.send(.delete, "/v1/files/\(id)", as: api.bob).status == 404)
            #expect(try await api.send(.delete, "/v1/files/\(id)").status == 200)
            #expect(try await api.send(.get, "/v1/knowledge?visibility=shared").ids().isEmpty)
        }
    }

    @Test func `An administrator's key bound to assistants, or without the permission, writes nothing for all`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let id = try await api.make("/v1/knowledge", #"{"shared":true,"content":"for all"}"#)
            for key in [#"{"name":"a","scopes":["read","ingest"]}"#, #"{"name":"b","assistants":["\#(api.db.alice.assistant.id)"]}"#] {
                let narrow = try await api.send(.post, "/v1/keys", key).string("key")
                #expect(try await api.send(.post, "/v1/knowledge", #"{"shared":true,"content":"x"}"#, as: narrow).status == 403)
                #expect(try await api.send(.patch, "/v1/knowledge/\(id)", #"{"content":"x"}"#, as: narrow).status == 404)
                #expect(try await api.send(.delete, "/v1/knowledge/\(id)", as: narrow).status == 404)
            }
        }
    }
}
