import Domain
import Foundation
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
                let change = #"{"first_name":"B"}"#
                let headers = ["If-Match": read]
                async let one = api.send(.patch, path, change, as: key, headers: headers)
                async let other = api.send(.patch, path, change, as: key, headers: headers)
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
}
