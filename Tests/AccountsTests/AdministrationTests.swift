import Accounts
import Domain
import Foundation
import Storage
import TestSupport
import Testing

@Suite struct AdministrationTests {
    @Test func `To whoever is no administrator other users do not exist`() async throws {
        try await AccountKit.with { kit in
            let (administration, alice, bob) = (kit.services.administration, kit.db.alice, kit.db.bob)
            for reference in [bob.id.description, "bob", alice.id.description, UserID().description, "nobody"] {
                let attempts: [@Sendable () async throws -> Void] = [
                    { _ = try await administration.show(alice.scope, reference) },
                    { _ = try await administration.update(alice.scope, reference, AccountChanges(isActive: false)) },
                    { _ = try await administration.issueReset(alice.scope, reference) },
                    { _ = try await administration.delete(alice.scope, reference) },
                ]
                for attempt in attempts { #expect(await failure(Problem.self, attempt)?.code == "user_not_found") }
            }
            let listed = await failure(Problem.self) { _ = try await administration.list(alice.scope, AccountQuery(limit: 10)) }
            #expect(listed?.code == "administrator_required")
        }
    }

    @Test func `A key of an administrator administers with admin and unbound alone, and only as long as the user is one`() async throws {
        try await AccountKit.with(administrator: true) { kit in
            let (administration, alice) = (kit.services.administration, kit.db.alice)
            let weak = [
                kit.db.scope(of: alice, permissions: [.read, .ingest]), kit.db.scope(of: alice, assistants: [alice.assistant.id]),
            ]
            for scope in weak {
                #expect(await failure(Problem.self) { _ = try await administration.show(scope, "bob") }?.code == "user_not_found")
            }
            let page = try await administration.list(alice.scope, AccountQuery(limit: 2)).prefix(2)
            let rest = try await administration.list(alice.scope, AccountQuery(limit: 10, after: page.last?.id))
            #expect(Set((page + rest).map(\.username)) == ["alice", "bob", "local", "system"])
            #expect(page.count + rest.count == 4)
        }
    }

    @Test func `The last administrator and the built-in users stay, whoever asks`() async throws {
        try await AccountKit.with(administrator: true) { kit in
            let (administration, alice, bob) = (kit.services.administration, kit.db.alice, kit.db.bob)
            let last: [@Sendable () async throws -> Void] = [
                { _ = try await administration.update(alice.scope, "alice", AccountChanges(isAdministrator: false)) },
                { _ = try await administration.update(alice.scope, "alice", AccountChanges(isActive: false)) },
                { _ = try await administration.delete(alice.scope, "alice") },
                { try await kit.services.membership.deactivate(alice.scope) },
                { _ = try await kit.services.membership.delete(alice.scope, password: AccountKit.password) },
            ]
            for attempt in last { #expect(await failure(Problem.self, attempt)?.code == "last_administrator") }
            for name in ["local", "system"] {
                let builtIn: [@Sendable () async throws -> Void] = [
                    { _ = try await administration.update(alice.scope, name, AccountChanges(isActive: false)) },
                    { _ = try await administration.issueReset(alice.scope, name) },
                    { _ = try await administration.delete(alice.scope, name) },
                ]
                for attempt in builtIn { #expect(await failure(Problem.self, attempt)?.code == "user_built_in") }
            }
            try await kit.givePassword(bob)
            _ = try await administration.update(alice.scope, "bob", AccountChanges(isAdministrator: true))
            async let first = failure(Problem.self) {
                _ = try await administration.update(alice.scope, "bob", AccountChanges(isAdministrator: false))
            }
            async let second = failure(Problem.self) {
                _ = try await administration.update(bob.scope, "alice", AccountChanges(isAdministrator: false))
            }
            #expect(await [first, second].compactMap(\.self).count == 1, "of two who remove each other one stays")
        }
    }

    @Test func `The first administrator is made once, by the link or by the configured password`() async throws {
        try await AccountKit.with { kit in
            let first = kit.services.firstAdministrator
            let short = await failure(Problem.self) { _ = try await first.prepare(password: "admin123") }
            #expect(short?.kind == .configuration)
            let (token, unused) = (
                try #require(try await first.prepare(password: nil)), try #require(try await first.prepare(password: nil))
            )
            let draft = AccountDraft(username: "root", email: "root@example.com", password: "a password of root")
            #expect(await failure(Problem.self) { _ = try await first.setUp(token: "bt_x", draft) }?.code == "token_refused")
            let id = try await first.setUp(token: token.text, draft)
            #expect(try await kit.logIn("root", "a password of root").user == id)
            for text in [token.text, unused.text] {
                #expect(await failure(Problem.self) { _ = try await first.setUp(token: text, draft) }?.code == "token_refused")
            }
            #expect(try await first.prepare(password: nil) == nil)
            #expect(try await first.prepare(password: "another password") == nil)
            #expect(try await kit.db.administrate("SELECT FROM users WHERE username = 'admin'").isEmpty)
        }
        try await AccountKit.with { kit in
            #expect(try await kit.services.firstAdministrator.prepare(password: "from the configuration") == nil)
            let session = try await kit.logIn("admin", "from the configuration")
            let scope = try await kit.principal(session).scope
            #expect(try await kit.services.administration.show(scope, "admin").isAdministrator)
        }
    }

    @Test func `A key is bound to assistants, renamed and deleted, and gives no more than its maker has`() async throws {
        try await AccountKit.with { kit in
            let (db, ring) = (kit.db, KeyRing(database: kit.db.database))
            let bound = try await ring.create(db.alice.scope, name: "k", permissions: [.read, .admin], assistants: ["alice's assistant"])
            #expect(bound.assistants == [db.alice.assistant.id])
            let scope = try await kit.authenticator.authenticate(authorization: "Bearer \(bound.key)").scope
            #expect(scope.assistants == [db.alice.assistant.id])
            let refused: [(String, @Sendable () async throws -> Void)] = [
                (
                    "assistant_not_found",
                    { _ = try await ring.create(db.bob.scope, name: "x", permissions: [.read], assistants: ["alice's assistant"]) }
                ),
                (
                    "assistant_not_found",
                    {
                        _ = try await ring.create(
                            db.bob.scope, name: "x", permissions: [.read], assistants: [db.alice.assistant.id.description])
                    }
                ), ("invalid_assistants", { _ = try await ring.create(db.alice.scope, name: "x", permissions: [.read], assistants: []) }),
                ("key_bound", { _ = try await ring.create(scope, name: "x", permissions: [.read]) }),
                (
                    "permission_missing",
                    { _ = try await ring.create(scope, name: "x", permissions: [.ingest], assistants: ["alice's assistant"]) }
                ),
                ("invalid_name", { _ = try await ring.rename(db.alice.scope, bound.id, to: "a\0b") }),
                ("key_not_found", { _ = try await ring.rename(db.bob.scope, bound.id, to: "x") }),
                ("key_not_found", { _ = try await ring.show(db.bob.scope, bound.id) }),
                ("key_not_found", { try await ring.delete(db.bob.scope, bound.id) }),
            ]
            for (code, attempt) in refused { #expect(await failure(Problem.self, attempt)?.code == code, "\(code)") }
            #expect(try await ring.rename(db.alice.scope, bound.id, to: "renamed").name == "renamed")
            #expect(try await ring.show(db.alice.scope, bound.id).lastUsedAt != nil)
            try await ring.delete(db.alice.scope, bound.id)
            #expect(await kit.code(ofToken: bound.key) == "key_invalid")
        }
    }
}
