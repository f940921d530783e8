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
            #expect(try await api.send(.post, try reset.string("link"), #"{"password":"another password"}"#, as: "").status == 200)
            let deleted = try await api.send(.delete, "/v1/users/\(id)")
            #expect(deleted.status == 200 && deleted.text.contains("\"users\":1"))
            #expect(try await api.send(.get, "/v1/users/\(id)").code == "user_not_found")
        }
    }
}
