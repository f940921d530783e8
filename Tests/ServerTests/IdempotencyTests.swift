import HTTPTypes
import TestSupport
import Testing

/// Idempotency-Keys are those of the user who sent them, and their answers stand and fall with what they tell of.
@Suite struct IdempotencyTests {
    @Test func `Two administrators who send the same key for shared rows do not meet`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE username IN ('alice', 'bob')")
            let tutor = try await api.send(.get, "/v1/personas/education-tutor").string("id")
            let headers = ["Idempotency-Key": "monday"]
            func create(_ path: String, _ body: String, _ key: String, _ number: Int) async throws -> Reply {
                try await api.send(.post, path, body, as: key, headers: ["Idempotency-Key": "monday \(number)"])
            }
            for (number, (path, body)) in [
                ("/v1/knowledge", #"{"shared":true,"content":"The pier is long."}"#),
                ("/v1/templates/\(tutor)/versions", #"{"system_prompt":"Teach."}"#),
                ("/v1/files?shared=true&name=a.md", "The ferry leaves at nine."),
            ].enumerated() {
                let first = try await create(path, body, api.alice, number)
                let second = try await create(path, body, api.bob, number)
                #expect((200..<300).contains(first.status) && (200..<300).contains(second.status), "\(path): \(second.text)")
                #expect(second.headers[.replayed] == nil, "\(path) gave Bob what Alice was answered")
                let (again, other) = (try await create(path, body, api.alice, number), try await create(path, body, api.bob, number))
                #expect(again.headers[.replayed] == "true" && again.text == first.text, "\(path)")
                #expect(other.headers[.replayed] == "true" && other.text == second.text, "\(path)")
            }
            let first = try await api.send(.post, "/v1/knowledge", #"{"shared":true,"content":"A."}"#, headers: headers)
            let second = try await api.send(.post, "/v1/knowledge", #"{"shared":true,"content":"B."}"#, as: api.bob, headers: headers)
            #expect(first.status == 201 && second.status == 201, "\(second.text)")
            let owners = try await api.db.administrate(
                "SELECT FROM idempotency_keys WHERE user_id NOT IN (\(api.db.alice.id), \(api.db.bob.id))")
            #expect(owners.isEmpty)
        }
    }

    @Test func `A user is made together with the kept answer or not at all`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let body = #"{"username":"carol","email":"carol@example.com","is_verified":true}"#
            let headers = ["Idempotency-Key": "carol"]
            // Everything between the row and its kept answer may fail, as when the service is killed there.
            try await api.db.administrate(
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'killed' USING ERRCODE = '57P01'; END $$")
            try await api.db.administrate(
                "CREATE TRIGGER fail BEFORE UPDATE ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION fail()")
            #expect(try await api.send(.post, "/v1/users", body, headers: headers).status == 503)
            #expect(try await api.send(.get, "/v1/users/carol").status == 404)
            try await api.db.administrate("DROP TRIGGER fail ON idempotency_keys")
            let made = try await api.send(.post, "/v1/users", body, headers: headers)
            #expect(made.status == 201, "\(made.text)")
            let again = try await api.send(.post, "/v1/users", body, headers: headers)
            #expect(try again.status == 201 && again.headers[.replayed] == "true" && again.string("id") == made.string("id"))
            // A key that failed before its user was made is free again.
            let taken = #"{"username":"carol","email":"other@example.com"}"#
            #expect(try await api.send(.post, "/v1/users", taken, headers: ["Idempotency-Key": "x"]).code == "username_taken")
            #expect(try await api.db.administrate("SELECT FROM idempotency_keys WHERE key = 'x'").isEmpty)
        }
    }

    @Test func `What is stored of a request says nothing of the password in it`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            func create(_ name: String, _ password: String) async throws -> Reply {
                let body = #"{"username":"\#(name)","email":"\#(name)@example.com","password":"\#(password)"}"#
                return try await api.send(.post, "/v1/users", body, headers: ["Idempotency-Key": "monday"])
            }
            let made = try await create("carol", "a quiet harbour at noon")
            #expect(made.status == 201, "\(made.text)")
            let again = try await create("carol", "a loud harbour at night")
            #expect(try again.status == 201 && again.headers[.replayed] == "true" && again.string("id") == made.string("id"))
            #expect(try await create("dave", "a quiet harbour at noon").code == "idempotency_key_reused")
        }
    }
}

extension HTTPField.Name {
    fileprivate static var replayed: HTTPField.Name { .init("Idempotent-Replayed") ?? .age }
}
