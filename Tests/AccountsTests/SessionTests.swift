import Accounts
import Domain
import Foundation
import Storage
import TestSupport
import Testing

@Suite struct SessionTests {
    @Test func `A refresh token is used once; a second use ends the session`() async throws {
        try await AccountKit.with { kit in
            let first = try await kit.logIn()
            let other = try await kit.logIn()
            let second = try await kit.services.sessions.refresh(first.refreshToken)
            #expect(second.session == first.session)
            #expect(second.refreshToken != first.refreshToken)
            #expect(await kit.code(ofToken: second.accessToken) == nil)
            #expect(await kit.code(ofRefresh: first.refreshToken) == "refresh_refused")
            #expect(await kit.code(ofRefresh: second.refreshToken) == "refresh_refused")
            for token in [first.accessToken, second.accessToken] { #expect(await kit.code(ofToken: token) == "token_invalid") }
            #expect(await kit.code(ofToken: other.accessToken) == nil, "the user's other session goes on")
        }
    }

    @Test func `Of two uses at once one is accepted, and the session ends`() async throws {
        try await AccountKit.with { kit in
            let tokens = try await kit.logIn()
            let codes = await withTaskGroup(of: String?.self) { tasks in
                for _ in 0..<4 { tasks.addTask { await kit.code(ofRefresh: tokens.refreshToken) } }
                return await tasks.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(codes.count(where: { $0 == nil }) == 1)
            #expect(await kit.code(ofToken: tokens.accessToken) == "token_invalid")
        }
    }

    @Test func `Logging out ends the session and no other, also beside a refresh`() async throws {
        try await AccountKit.with { kit in
            let (tokens, other) = (try await kit.logIn(), try await kit.logIn())
            let principal = try await kit.principal(tokens)
            async let refreshed = kit.services.sessions.refresh(tokens.refreshToken)
            try await kit.services.sessions.logOut(principal)
            if let late = try? await refreshed {
                #expect(await kit.code(ofToken: late.accessToken) == "token_invalid")
                #expect(await kit.code(ofRefresh: late.refreshToken) == "refresh_refused")
            }
            #expect(await kit.code(ofToken: tokens.accessToken) == "token_invalid")
            #expect(await kit.code(ofToken: other.accessToken) == nil)
            let key = try await KeyRing(database: kit.db.database).create(kit.db.alice.scope, name: "k", permissions: [.read])
            let byKey = try await kit.authenticator.authenticate(authorization: "Bearer \(key.key)")
            #expect(await failure(Problem.self) { try await kit.services.sessions.logOut(byKey) }?.code == "no_session")
        }
    }

    @Test func `Unknown, expired and malformed refresh tokens are refused, and none is stored`() async throws {
        try await AccountKit.with { kit in
            let tokens = try await kit.logIn()
            let flipped = String(tokens.refreshToken.dropLast()) + (tokens.refreshToken.last == "A" ? "B" : "A")
            for wrong in ["", "x", "br_\0", flipped, tokens.accessToken, tokens.refreshToken + "x"] {
                #expect(await kit.code(ofRefresh: wrong) == "refresh_refused")
            }
            let stored = try await kit.db.administrate("SELECT to_jsonb(t)::text FROM refresh_tokens t").map { try $0.decode(String.self) }
            #expect(!"\(stored)".contains(tokens.refreshToken.dropFirst(3)))
            try await kit.db.administrate("UPDATE refresh_tokens SET expires_at = now()")
            #expect(await kit.code(ofRefresh: tokens.refreshToken) == "refresh_refused")
            #expect(await kit.code(ofToken: tokens.accessToken) == "token_invalid")
        }
    }

    @Test func `Forged access tokens are refused, whatever they claim`() async throws {
        try await AccountKit.with { kit in
            let tokens = try await kit.logIn()
            let sound = HandmadeToken(user: tokens.user, session: tokens.session)
            #expect(try await kit.code(ofToken: sound.signed()) == nil, "made by hand like ours, it is let in")

            func forged(_ change: (inout HandmadeToken) -> Void) throws -> String {
                var token = sound
                change(&token)
                return try token.signed()
            }
            var none = sound
            none.header["alg"] = "none"
            let parts = tokens.accessToken.split(separator: ".").map(String.init)
            let wrong = [
                "\(try none.unsigned()).", try none.signed(), "\(try sound.unsigned()).", try forged { $0.header["alg"] = "HS512" },
                try sound.signed(with: Array("another key of 32 bytes or more …".utf8)), try sound.signed(with: []),
                try forged { $0.claims["iss"] = "somebody" }, try forged { $0.claims["iss"] = nil },
                try forged { $0.claims["aud"] = ["another-api"] }, try forged { $0.claims["aud"] = nil },
                try forged { $0.claims["sub"] = kit.db.bob.id.description }, try forged { $0.claims["sub"] = "alice" },
                try forged { $0.claims["sid"] = SessionID().description }, try forged { $0.claims["sid"] = nil },
                try forged { $0.claims["exp"] = nil }, try forged { $0.claims["exp"] = "never" },
                "\(parts[0]).\(HandmadeToken.base64URL(Data(#"{"sub":"x"}"#.utf8))).\(parts[2])", "\(parts[0]).\(parts[1]).AAAA",
                "..", "a.b.c", "\(parts[0])..\(parts[2])", "\u{1F600}.\u{1F600}.\u{1F600}", String(repeating: "a.", count: 2) + "x\0",
                "\(parts[0]).\(String(repeating: "A", count: 10_000)).\(parts[2])",
            ]
            for token in wrong { #expect(await kit.code(ofToken: token) == "token_invalid", "\(token)") }
            #expect(try await kit.code(ofToken: forged { $0.claims["exp"] = Int(Date().timeIntervalSince1970) - 1 }) == "token_expired")
            #expect(await kit.code(ofToken: tokens.accessToken + ".x") == "key_invalid", "of another form")
            let expired = try await AccessTokens(key: AccountKit.key).issue(
                user: tokens.user, session: tokens.session, at: Date(timeIntervalSinceNow: -901))
            #expect(await kit.code(ofToken: expired) == "token_expired")
        }
    }

    @Test func `A short signing key is refused`() async throws {
        #expect(await failure(Problem.self) { _ = try await AccessTokens(key: Array(repeating: 1, count: 31)) }?.kind == .configuration)
    }

    @Test func `Deactivating ends sessions and keys at once, and reopening does not bring the sessions back`() async throws {
        try await AccountKit.with { kit in
            let tokens = try await kit.logIn()
            let key = try await KeyRing(database: kit.db.database).create(kit.db.alice.scope, name: "k", permissions: [.read]).key
            try await kit.services.membership.deactivate(try await kit.principal(tokens).scope)
            #expect(await kit.code(ofToken: tokens.accessToken) == "token_invalid")
            #expect(await kit.code(ofToken: key) == "key_invalid")
            #expect(await kit.code(ofRefresh: tokens.refreshToken) == "refresh_refused")
            #expect(await kit.refusal("alice", AccountKit.password)?.code == "login_refused")
            try await kit.db.administrate("UPDATE users SET is_active = true WHERE id = \(kit.db.alice.id)")
            #expect(await kit.code(ofToken: tokens.accessToken) == "token_invalid")
            #expect(await kit.code(ofToken: key) == nil)
        }
    }
}
