import Domain
import Foundation
import Storage
import TestSupport
import Testing

/// Creating, reading, listing, changing and deleting through HTTP, with the versions and keys that make them safe to repeat.
@Suite struct ResourceTests {
    @Test func `A row goes through its life, and two changes at once do not overwrite each other`() async throws {
        try await LiveAPI.with { api in
            let made = try await api.send(
                .post, "/v1/voices", #"{"name":"Hana","language":"ja","settings":{"speed":1.5,"note":"{{braces}}"},"is_public":false}"#)
            #expect(made.status == 201, "\(made.text)")
            let id = try made.string("id")
            let read = try await api.send(.get, "/v1/voices/\(id)")
            #expect(read.version == made.version)
            #expect(try await api.send(.get, "/v1/voices/\(id)", headers: ["If-None-Match": read.version ?? ""]).status == 304)
            let changed = try await api.send(
                .patch, "/v1/voices/\(id)", #"{"name":"Hana 2","language":null}"#, headers: ["If-Match": read.version ?? ""])
            #expect(changed.status == 200, "\(changed.text)")
            #expect(try changed.string("name") == "Hana 2")
            #expect(try changed.object()["language"] is NSNull)
            #expect(changed.version != read.version)
            let late = try await api.send(
                .patch, "/v1/voices/\(id)", #"{"name":"Hana 3"}"#, headers: ["If-Match": read.version ?? ""])
            #expect(late.status == 412 && late.code == "version_changed")
            #expect(try await api.send(.delete, "/v1/voices/\(id)", headers: ["If-Match": read.version ?? ""]).status == 412)
            #expect(try await api.send(.delete, "/v1/voices/\(id)", headers: ["If-Match": "*"]).status == 200)
            #expect(try await api.send(.get, "/v1/voices/\(id)").status == 404)
        }
    }

    @Test func `Of many changes with the same version one goes through`() async throws {
        try await LiveAPI.with { api in
            let made = try await api.send(.post, "/v1/avatars", #"{"name":"A","tags":["x"]}"#)
            let id = try made.string("id")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try await api.send(
                            .patch, "/v1/avatars/\(id)", #"{"name":"A\#(number)"}"#, headers: ["If-Match": made.version ?? ""]
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 412, count: 7))
        }
    }

    @Test func `A creation repeated with its Idempotency-Key happens once`() async throws {
        try await LiveAPI.with { api in
            let body = #"{"name":"Once","provider":"p"}"#
            let replies = try await withThrowingTaskGroup(of: Reply.self) { group in
                for _ in 0..<6 {
                    group.addTask { try await api.send(.post, "/v1/voices", body, headers: ["Idempotency-Key": "k-1"]) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(replies.map(\.status)) == [201] && Set(replies.map(\.text)).count == 1)
            #expect(replies.count { $0.headers[.init("Idempotent-Replayed")!] == "true" } == 5)
            #expect(try await api.send(.get, "/v1/voices").ids().count == 1)
            let other = try await api.send(.post, "/v1/voices", #"{"name":"Other"}"#, headers: ["Idempotency-Key": "k-1"])
            #expect(other.status == 422 && other.code == "idempotency_key_reused")
            let failed = try await api.send(.post, "/v1/voices", #"{"name":""}"#, headers: ["Idempotency-Key": "k-2"])
            #expect(failed.status == 400)
            #expect(try await api.send(.post, "/v1/voices", #"{"name":"ok"}"#, headers: ["Idempotency-Key": "k-2"]).status == 201)
            // Another user's key of the same text is another key.
            #expect(try await api.send(.post, "/v1/voices", body, as: api.bob, headers: ["Idempotency-Key": "k-1"]).status == 201)
        }
    }

    @Test func `A repeated creation of a key or a user shows no secret again, and none is stored`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let headers = ["Idempotency-Key": "k-1"]
            let first = try await api.send(.post, "/v1/keys", #"{"name":"once"}"#, headers: headers)
            let again = try await api.send(.post, "/v1/keys", #"{"name":"once"}"#, headers: headers)
            let key = try first.string("key")
            #expect(first.status == 201 && again.status == 201 && again.headers[.init("Idempotent-Replayed")!] == "true")
            #expect(try again.string("id") == first.string("id") && again.text.contains(#""key":null"#))
            #expect(try await api.send(.get, "/v1/assistants", as: key).status == 200)
            let named = try await api.db.administrate("SELECT FROM api_keys WHERE name = 'once'")
            #expect(named.count == 1)
            let other = try await api.send(.post, "/v1/keys", #"{"name":"twice"}"#, headers: headers)
            #expect(other.status == 422 && other.code == "idempotency_key_reused")

            let draft = #"{"username":"carol","email":"carol@example.com"}"#
            let made = try await api.send(.post, "/v1/users", draft, headers: ["Idempotency-Key": "k-2"])
            let repeated = try await api.send(.post, "/v1/users", draft, headers: ["Idempotency-Key": "k-2"])
            #expect(made.status == 201 && made.text.contains("set_password") && made.text.contains("bt_"))
            #expect(repeated.status == 201 && !repeated.text.contains("bt_"))
            #expect(try repeated.string("id") == made.string("id"))
            #expect(try await api.send(.post, "/v1/users", draft).code == "username_taken")
            // A refused creation leaves the key free.
            let refused = try await api.send(.post, "/v1/users", draft, headers: ["Idempotency-Key": "k-3"])
            #expect(refused.status == 409)
            let free = try await api.db.administrate("SELECT FROM idempotency_keys WHERE key = 'k-3'")
            #expect(free.isEmpty)

            let kept = try await api.db.administrate("SELECT convert_from(body, 'UTF8') FROM idempotency_keys").map {
                try $0.decode(String.self)
            }
            #expect(kept.count == 2 && kept.allSatisfy { !$0.contains("bt_") && !$0.contains("bk_") })
            // Nobody who is bound gets an answer that was made for all.
            let bound = try await api.send(
                .post, "/v1/keys", #"{"scopes":["read","ingest","admin"],"assistants":["alice's assistant"]}"#
            ).string("key")
            #expect(try await api.send(.post, "/v1/keys", #"{"name":"once"}"#, as: bound, headers: headers).status == 422)
        }
    }

    @Test func `An upload that is sent again late does not undo what came meanwhile`() async throws {
        try await LiveAPI.with { api in
            let path = "/v1/files?assistant=alice%27s%20assistant&name=tide.txt"
            let headers = ["Idempotency-Key": "k-1"]
            let first = try await api.send(.post, path, "High tide at noon.", headers: headers)
            #expect(first.status == 202)
            #expect(try await api.send(.post, path, "High tide at one.").string("outcome") == "replaced")
            let late = try await api.send(.post, path, "High tide at noon.", headers: headers)
            #expect(late.status == 202 && late.text == first.text && late.headers[.init("Idempotent-Replayed")!] == "true")
            let file = try await api.send(.get, "/v1/files/\(try first.string("id"))?wait=30")
            #expect(try file.string("sha256") != first.string("sha256"), "the later upload stands")
            for (changed, body) in [(path, "Other."), (path + "&tags=x", "High tide at noon.")] {
                #expect(try await api.send(.post, changed, body, headers: headers).code == "idempotency_key_reused")
            }
        }
    }

    @Test func `An upload and a draft repeated with their Idempotency-Key happen once`() async throws {
        try await LiveAPI.with { api in
            let template = try await api.make("/v1/templates", #"{"name":"Mine","system_prompt":"One."}"#)
            for (path, body, other) in [
                ("/v1/templates/\(template)/versions", #"{"system_prompt":"Two."}"#, #"{"system_prompt":"Three."}"#),
                ("/v1/files?assistant=\(api.db.alice.assistant.id)&name=a.txt", "text", "other text"),
            ] {
                let key = ["Idempotency-Key": path]
                let first = try await api.send(.post, path, body, headers: key)
                #expect(first.status == 201 || first.status == 202, "\(first.text)")
                let again = try await api.send(.post, path, body, headers: key)
                #expect(again.status == first.status && again.text == first.text && again.version == first.version)
                #expect(again.headers[.init("Idempotent-Replayed")!] == "true")
                let reused = try await api.send(.post, path, other, headers: key)
                #expect(reused.status == 422 && reused.code == "idempotency_key_reused")
            }
            let drafts = try await api.send(.get, "/v1/templates/\(template)/versions").object()["data"] as? [Any]
            #expect(drafts?.count == 2)
            #expect(try await api.send(.get, "/v1/files").ids().count == 1)
        }
    }

    @Test func `Pages follow each other in every order, and filters narrow them`() async throws {
        try await LiveAPI.with { api in
            var made: [String] = []
            for number in 0..<7 {
                made.append(
                    try await api.make("/v1/voices", #"{"name":"v\#(number % 3)","language":"\#(number % 2 == 0 ? "en" : "ko")"}"#))
            }
            for (order, expected) in [("desc", Array(made.reversed())), ("asc", made)] {
                var seen: [String] = []
                while true {
                    let after = seen.last.map { "&after=\($0)" } ?? ""
                    let page = try await api.send(.get, "/v1/voices?limit=3&order=\(order)\(after)")
                    seen += try page.ids()
                    guard try page.object()["has_more"] as? Bool == true else { break }
                }
                #expect(seen == expected)
            }
            let byName = try await api.send(.get, "/v1/voices?sort=name&order=asc&limit=4").ids()
            let rest = try await api.send(.get, "/v1/voices?sort=name&order=asc&after=\(try #require(byName.last))").ids()
            #expect(Set(byName + rest) == Set(made) && (byName + rest).count == 7)
            #expect(try await api.send(.get, "/v1/voices?language=ko").ids().count == 3)
            #expect(try await api.send(.get, "/v1/voices?visibility=public&sort=name").code == "invalid_sort")
            #expect(try await api.send(.get, "/v1/voices?visibility=public&sort=created_at&order=asc").status == 200)
            for wrong in ["sort=settings", "order=up", "limit=0", "after=x", "colour=red", "is_public=maybe", "visibility=all"] {
                #expect(try await api.send(.get, "/v1/voices?\(wrong)").status == 400, "\(wrong)")
            }
        }
    }

    @Test func `Public rows are read by everybody and written by their owner`() async throws {
        try await LiveAPI.with { api in
            let id = try await api.make(
                "/v1/skills",
                #"""
                {"skill_code":"sum","name":"Sums","description":"adds","skill_type":"tool","configuration":{"instructions":"Add."},"is_public":true}
                """#)
            #expect(try await api.send(.get, "/v1/skills/\(id)", as: api.bob).status == 200)
            #expect(try await api.send(.get, "/v1/skills?visibility=public", as: api.bob).ids() == [id])
            #expect(try await api.send(.get, "/v1/skills", as: api.bob).ids().isEmpty)
            #expect(try await api.send(.patch, "/v1/skills/\(id)", #"{"name":"mine"}"#, as: api.bob).status == 404)
            #expect(try await api.send(.delete, "/v1/skills/\(id)", as: api.bob).status == 404)
            let assistant = api.db.bob.assistant.id
            let given = try await api.send(
                .put, "/v1/assistants/\(assistant)/skills/\(id)", #"{"priority":3,"custom_settings":{"a":1}}"#, as: api.bob)
            #expect(given.status == 200, "\(given.text)")
            let skills = try #require(try given.object()["skills"] as? [[String: Any]])
            #expect(skills.first?["priority"] as? Int == 3 && skills.first?["name"] as? String == "Sums")
            #expect(try await api.send(.delete, "/v1/assistants/\(assistant)/skills/\(id)", as: api.bob).status == 200)
            #expect(try await api.send(.delete, "/v1/assistants/\(assistant)/skills/\(id)", as: api.bob).status == 404)
        }
    }

    @Test func `An assistant comes with its voice, avatar, template and skills`() async throws {
        try await LiveAPI.with { api in
            let voice = try await api.make("/v1/voices", #"{"name":"Hana"}"#)
            let avatar = try await api.make("/v1/avatars", #"{"name":"Fox","style":"drawn"}"#)
            let template = try await api.make("/v1/templates", #"{"name":"Mine","system_prompt":"Be brief."}"#)
            let id = try await api.make(
                "/v1/assistants", #"{"name":"Kei","voice_id":"\#(voice)","avatar_id":"\#(avatar)","persona":"\#(template)"}"#)
            let read = try await api.send(.get, "/v1/assistants/Kei").object()
            #expect(read["id"] as? String == id)
            #expect((read["voice"] as? [String: Any])?["name"] as? String == "Hana")
            #expect((read["avatar"] as? [String: Any])?["style"] as? String == "drawn")
            #expect((read["template"] as? [String: Any])?["system_prompt"] as? String == "Be brief.")
            #expect((read["skills"] as? [Any])?.isEmpty == true && read["default_llm_model"] as? String == "gemini-pro")
            let twice = try await api.send(.post, "/v1/assistants", #"{"name":"Kei"}"#)
            #expect(twice.status == 409 && twice.code == "already_exists")
            // References that lead nowhere for this user, though the row exists.
            let refused = try await api.send(.post, "/v1/assistants", #"{"name":"B","voice_id":"\#(voice)"}"#, as: api.bob)
            #expect(refused.status == 404 && refused.code == "voice_not_found")
            let patched = try await api.send(
                .patch, "/v1/assistants/\(api.db.bob.assistant.id)", #"{"persona_id":"\#(template)"}"#, as: api.bob)
            #expect(patched.status == 404 && patched.code == "persona_not_found")
        }
    }

    @Test func `An assistant's entity tag changes with its skills, and with an older one nothing is changed`() async throws {
        try await LiveAPI.with { api in
            let path = "/v1/assistants/\(try await api.make("/v1/assistants", #"{"name":"Kei"}"#))"
            let skill = try await api.make(
                "/v1/skills", #"{"skill_code":"sum","name":"Sums","description":"d","skill_type":"t","configuration":{}}"#)
            let before = try #require(try await api.send(.get, path).version)
            #expect(try await api.send(.get, path, headers: ["If-None-Match": before]).status == 304)
            let given = try await api.send(.put, "\(path)/skills/\(skill)", "{}")
            let tag = try #require(given.version)
            let read = try await api.send(.get, path, headers: ["If-None-Match": before])
            #expect(read.status == 200 && read.text.contains("Sums") && read.version == tag)
            let late = try await api.send(.patch, path, #"{"description":"x"}"#, headers: ["If-Match": before])
            #expect(late.status == 412 && late.code == "version_changed")
            #expect(try await api.send(.patch, path, "{}", headers: ["If-Match": before]).status == 412)
            #expect(try await api.send(.delete, path, headers: ["If-Match": before]).status == 412)

            // The skill is another row: what is shown changes, and the assistant's row does not.
            #expect(try await api.send(.patch, "/v1/skills/\(skill)", #"{"name":"Additions"}"#).status == 200)
            let renamed = try await api.send(.get, path, headers: ["If-None-Match": tag])
            #expect(renamed.status == 200 && renamed.text.contains("Additions") && renamed.version != tag)
            let changed = try await api.send(.patch, path, #"{"description":"d"}"#, headers: ["If-Match": tag])
            #expect(changed.status == 200, "\(changed.text)")
            #expect(try await api.send(.get, path).version == changed.version)

            #expect(try await api.send(.delete, "\(path)/skills/\(skill)").status == 200)
            let stale = try await api.send(.delete, path, headers: ["If-Match": try #require(changed.version)])
            #expect(stale.status == 412, "\(stale.text)")
            let now = try #require(try await api.send(.get, path).version)
            #expect(try await api.send(.delete, path, headers: ["If-Match": now]).status == 200)
        }
    }

    @Test(arguments: [
        (#"{"name":1}"#, "member_mistyped"), (#"{}"#, "member_missing"), (#"{"name":null}"#, "member_missing"),
        (#"{"name":"  "}"#, "invalid_name"), (#"{"name":"a","colour":"red"}"#, "member_unknown"),
        (#"{"name":"a\u0000b"}"#, "invalid_name"), (#"{"name":"a","id":"x"}"#, "member_unknown"),
        (#"{"name":"a","created_at":1}"#, "invalid_created_at"), (#"{"name":"a","settings":[]}"#, "member_mistyped"),
        (#"{"name":"a","is_active":"yes"}"#, "member_mistyped"), (#"{"name":"a","settings":{"x":"\u0000"}}"#, "invalid_settings"),
        ("[1]", "body_mistyped"), ("{", "body_malformed"),
    ])
    func `Bad input is refused by member`(body: String, code: String) async throws {
        try await LiveAPI.with { api in
            let reply = try await api.send(.post, "/v1/voices", body)
            #expect(reply.status == 400 && reply.code == code, "\(reply.text)")
            let long = String(repeating: "x", count: 101)
            #expect(try await api.send(.post, "/v1/voices", #"{"name":"\#(long)"}"#).code == "invalid_name")
            let deep = String(repeating: #"{"a":"#, count: 40) + "1" + String(repeating: "}", count: 40)
            #expect(try await api.send(.post, "/v1/voices", #"{"name":"a","settings":\#(deep)}"#).code == "invalid_settings")
            let abyss = String(repeating: "[", count: 100_000)
            #expect(try await api.send(.post, "/v1/voices", abyss).status == 400)
            #expect(try await api.send(.get, "/v1/voices").ids().isEmpty)
        }
    }
}
