import Domain
import Foundation
import HTTPTypes
import TestSupport
import Testing

/// Accounts over HTTP: the statuses, headers and members a client sees.
@Suite struct AccountAPITests {
    @Test func `From registration to deletion over HTTP`() async throws {
        try await LiveAPI.with { api in
            let form = #"{"username":"carol","email":"Carol@example.com","password":"carol's own password"}"#
            #expect(try await api.send(.post, "/v1/auth/register", form, as: "").code == "registration_closed")
            try await api.db.administrate("UPDATE system_settings SET value = 'true' WHERE key = 'registration_open'")
            let id = try await api.make("/v1/auth/register", form, as: "")
            let again = try await api.send(
                .post, "/v1/auth/register", form.replacing("Carol@", with: "CAROL@").replacing("\"carol\"", with: "\"c\""))
            #expect(again.status == 409 && again.code == "email_taken")

            let wrong = try await api.send(.post, "/v1/auth/login", #"{"email":"carol@example.com","password":"wrong wrong"}"#)
            #expect(wrong.status == 401 && wrong.code == "login_refused")
            let session = try await api.send(.post, "/v1/auth/login", #"{"email":"carol@example.com","password":"carol's own password"}"#)
            #expect(session.status == 200 && session.text.contains("\"expires_in\":900"))
            let token = try session.string("access_token")
            let me = try await api.send(.get, "/v1/me", as: token)
            #expect(try me.string("id") == id)
            #expect(!me.text.contains("password") && !me.text.contains("$2a$"))
            #expect(try await api.send(.patch, "/v1/me", #"{"is_admin":true}"#, as: token).status == 403)
            #expect(try await api.send(.patch, "/v1/me", "{}", as: token).code == "nothing_to_change")
            #expect(try await api.send(.patch, "/v1/me", #"{"first_name":"Carol"}"#, as: token).string("first_name") == "Carol")

            let next = try await api.send(.post, "/v1/auth/refresh", #"{"refresh_token":"\#(try session.string("refresh_token"))"}"#)
            let fresh = try next.string("access_token")
            #expect(try await api.send(.post, "/v1/auth/logout", as: fresh).status == 200)
            let ended = try await api.send(.get, "/v1/me", as: token)
            #expect(ended.status == 401 && ended.code == "token_invalid")

            try await api.db.administrate("INSERT INTO login_attempts (name_folded, locked_until) VALUES ('carol', now() + interval '9 s')")
            let locked = try await api.send(.post, "/v1/auth/login", #"{"username":"carol","password":"carol's own password"}"#)
            #expect(locked.status == 429 && locked.headers[.retryAfter] != nil)

            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let reset = try await api.send(.post, "/v1/users/carol/reset")
            #expect(reset.status == 201)
            let set = try await api.send(.post, try reset.string("link"), #"{"password":"another password"}"#, as: "")
            #expect(try set.status == 200 && set.number("keys_valid") == 0 && set.number("keys_revoked") == 0, "\(set.text)")
            let deleted = try await api.send(.delete, "/v1/users/\(id)")
            #expect(deleted.status == 200 && deleted.text.contains("\"users\":1"))
            #expect(try await api.send(.get, "/v1/users/\(id)").code == "user_not_found")
        }
    }

    @Test func `A new password ends the sessions, and the keys when that is asked, and the answer counts what stays valid`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let key = try await api.send(.post, "/v1/keys", #"{"name":"b","scopes":["read","admin"]}"#, as: api.bob).string("key")
            let kept = try await api.send(.post, "/v1/users/bob/password", #"{"password":"a set password"}"#)
            #expect(try kept.status == 200 && kept.number("keys_valid") == 2 && kept.number("keys_revoked") == 0, "\(kept.text)")
            #expect(try await api.send(.get, "/v1/me", as: key).status == 200)
            let ended = #"{"old_password":"a set password","new_password":"a newer password","revoke_keys":true}"#
            let changed = try await api.send(.post, "/v1/me/password", ended, as: key)
            #expect(try changed.status == 200 && changed.number("keys_valid") == 0 && changed.number("keys_revoked") == 2)
            #expect(try await api.send(.get, "/v1/me", as: key).status == 401)
            #expect(try await api.send(.get, "/v1/me").status == 200, "Alice's keys are none of his")
            let login = #"{"username":"bob","password":"a newer password"}"#
            let token = try await api.send(.post, "/v1/auth/login", login, as: "").string("access_token")
            _ = try await api.send(.post, "/v1/keys", #"{"name":"c"}"#, as: token)
            let link = try await api.send(.post, "/v1/users/bob/reset").string("link")
            let again = try await api.send(.post, link, #"{"password":"the last password","revoke_keys":true}"#, as: "")
            #expect(try again.number("keys_valid") == 0 && again.number("keys_revoked") == 1, "\(again.text)")
            #expect(try await api.send(.get, "/v1/me", as: token).status == 401, "a reset ends the sessions")
            #expect(try await api.send(.post, "/v1/users/system/password", #"{"password":"of the system"}"#).code == "user_built_in")
        }
    }

    @Test func `A user is changed only at the version that was read, by administrators and by themselves`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            for (path, key) in [("/v1/users/bob", api.alice), ("/v1/me", api.bob)] {
                let read = try #require(try await api.send(.get, path, as: key).version)
                let change = #"{"first_name":"one at \#(path)"}"#
                let headers = ["If-Match": read]
                async let one = api.send(.patch, path, change, as: key, headers: headers)
                async let other = api.send(.patch, path, #"{"first_name":"other at \#(path)"}"#, as: key, headers: headers)
                let replies = try await [one, other].sorted { $0.status < $1.status }
                #expect(replies.map(\.status) == [200, 412] && replies[1].code == "version_changed", "\(path): \(replies.map(\.text))")
                let next = try #require(replies[0].version)
                #expect(next != read)
                #expect(try await api.send(.get, path, as: key).version == next)
                #expect(try await api.send(.patch, path, change, as: key, headers: ["If-Match": next]).status == 200)
                #expect(try await api.send(.patch, path, change, as: key).status == 200, "without If-Match at any version")
            }
        }
    }

    @Test func `A key is renamed and deleted only at the version that was read`() async throws {
        try await LiveAPI.with { api in
            let path = "/v1/keys/\(try await api.make("/v1/keys", #"{"name":"old"}"#))"
            let read = try #require(try await api.send(.get, path).version)
            let renamed = try await api.send(.patch, path, #"{"name":"new"}"#, headers: ["If-Match": read])
            #expect(try renamed.status == 200 && renamed.string("name") == "new" && renamed.version != read)
            for method in [HTTPRequest.Method.patch, .delete] {
                let late = try await api.send(method, path, #"{"name":"late"}"#, headers: ["If-Match": read])
                #expect(late.status == 412 && late.code == "version_changed", "\(method)")
            }
            let now = try await api.send(.get, path)
            #expect(try now.string("name") == "new" && now.version == renamed.version)
            // The key renames itself: using it changes when it was last used, and nothing that is edited.
            try await api.db.administrate("UPDATE api_keys SET last_used_at = now() - interval '1 hour' WHERE name = 'test'")
            let own = try #require(try await api.send(.get, "/v1/keys?limit=1000").object()["data"] as? [[String: Any]])
            let mine = "/v1/keys/\(try #require(own.first { $0["name"] as? String == "test" }?["id"] as? String))"
            let before = try #require(try await api.send(.get, mine).version)
            try await api.db.administrate("UPDATE api_keys SET last_used_at = now() - interval '1 hour' WHERE name = 'test'")
            #expect(try await api.send(.get, mine, headers: ["If-None-Match": before]).status == 200, "the last use is told anew")
            #expect(try await api.send(.patch, mine, #"{"name":"test"}"#, headers: ["If-Match": before]).status == 200)
            let revoked = try await api.send(.post, "\(path)/revoke")
            #expect(revoked.version != now.version)
            #expect(try await api.send(.delete, path, headers: ["If-Match": try #require(revoked.version)]).status == 200)
            #expect(try await api.send(.delete, path, headers: ["If-Match": read]).status == 404)
        }
    }

    @Test func `Lists of keys, personas and users are paged, sorted and narrowed`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            for name in ["Zoe", "adam", "Miles"] {
                let draft = #"{"username":"\#(name)","email":"\#(name)@example.com","password":"\#(name)'s own password"}"#
                try await api.make("/v1/users", draft)
                try await api.make("/v1/keys", #"{"name":"\#(name)"}"#)
                // Two of the same name: the id tells them apart.
                try await api.make("/v1/templates", #"{"name":"guide","system_prompt":"Guide."}"#)
            }
            let gone = try await api.make("/v1/keys", #"{"name":"gone"}"#)
            #expect(try await api.send(.post, "/v1/keys/\(gone)/revoke").status == 200)
            let lists = [
                "/v1/keys?x=", "/v1/personas?x=", "/v1/users?sort=created_at", "/v1/users?sort=created_at&order=asc",
                "/v1/users?sort=username&order=asc", "/v1/users?sort=email", "/v1/users?is_active=true&order=asc",
                "/v1/users?is_admin=false",
            ]
            for list in lists {
                let whole = try await api.send(.get, list).ids()
                #expect(whole.count > 3 && Set(whole).count == whole.count, "\(list): \(whole.count)")
                var (walked, next) = ([String](), "")
                repeat {
                    let page = try await api.send(.get, "\(list)&limit=2\(next)")
                    let ids = try page.ids()
                    #expect((1...2).contains(ids.count))
                    walked += ids
                    next = page.text.contains("\"has_more\":true") ? "&after=\(try page.string("last_id"))" : ""
                } while !next.isEmpty && walked.count <= whole.count
                #expect(walked == whole, "\(list)")
            }
            func names(_ query: String) async throws -> [String] {
                let reply = try await api.send(.get, "/v1/users?\(query)")
                return try #require(try reply.object()["data"] as? [[String: Any]], "\(reply.text)").compactMap {
                    $0["username"] as? String
                }
            }
            let sorted = try await names("sort=username&order=asc").map { $0.lowercased() }
            #expect(sorted == sorted.sorted() && sorted.contains("zoe"))
            #expect(try await names("is_admin=true").contains("Zoe") == false)
            #expect(try await names("is_admin=true").contains("alice"))
            #expect(try await names("sort=created_at").first == "Miles")
            #expect(try await api.send(.get, "/v1/keys?revoked=true").ids() == [gone])
            #expect(try await api.send(.get, "/v1/keys?revoked=false").ids().contains(gone) == false)
            for (list, key) in [("keys", nil), ("users", nil), ("personas", nil), ("files", nil), ("keys", api.bob)] as [(String, String?)]
            {
                let lost = try await api.send(.get, "/v1/\(list)?after=\(UUID())", as: key)
                #expect(lost.status == 400 && lost.code == "invalid_after", "\(list): a row that is gone reads as the end")
            }
            let foreign = try await api.send(.get, "/v1/keys?after=\(gone)", as: api.bob)
            #expect(foreign.code == "invalid_after")
            for (query, code) in [
                ("users?sort=colour", "invalid_sort"), ("users?order=up", "invalid_order"), ("users?is_admin=perhaps", "invalid_is_admin"),
                ("keys?revoked=1", "invalid_revoked"), ("keys?after=x", "invalid_after"), ("personas?limit=0", "invalid_limit"),
            ] {
                let refused = try await api.send(.get, "/v1/\(query)")
                #expect(refused.status == 400 && refused.code == code, "\(query): \(refused.text)")
            }
            #expect(try await api.send(.get, "/v1/users?sort=colour", as: api.bob).status == 403, "who may not ask learns nothing")
        }
    }
}
