import Accounts
import Domain
import Foundation
import Storage
import TestSupport
import Testing

@Suite struct MembershipTests {
    private func draft(
        _ username: String = "carol", _ email: String = "Carol@Example.com", password: String = "carol's own password"
    ) -> AccountDraft {
        AccountDraft(username: username, email: email, password: password)
    }

    private func refusal(_ kit: AccountKit, _ draft: AccountDraft) async -> Problem? {
        await failure(Problem.self) { _ = try await kit.services.membership.register(draft) }
    }

    @Test func `Registration is closed until it is opened, and obeyed live`() async throws {
        try await AccountKit.with { kit in
            #expect(await refusal(kit, draft())?.code == "registration_closed")
            try await kit.openRegistration()
            let id = try await kit.services.membership.register(draft())
            #expect(try await kit.logIn("carol", "carol's own password").user == id)
            try await kit.openRegistration(false)
            #expect(await refusal(kit, draft("dave", "dave@example.com"))?.code == "registration_closed")
        }
    }

    @Test func `A taken address or name is refused in any case, and bad input before the database is asked`() async throws {
        try await AccountKit.with { kit in
            try await kit.openRegistration()
            let users = try await kit.db.administrate("SELECT FROM users").count
            #expect(await refusal(kit, draft("carol", "ALICE@example.COM"))?.code == "email_taken")
            #expect(await refusal(kit, draft("Alice"))?.code == "username_taken")
            let long = String(repeating: "x", count: 300)
            let wrong: [(AccountDraft, String)] = [
                (draft(""), "invalid_username"), (draft("a b"), "invalid_username"), (draft("a@b.c"), "invalid_username"),
                (draft("ca\0rol"), "invalid_username"), (draft(long), "invalid_username"), (draft("carol", "carol"), "invalid_email"),
                (draft("carol", "a@b@c"), "invalid_email"), (draft("carol", "c\0@x.y"), "invalid_email"),
                (draft("carol", "\(long)@example.com"), "invalid_email"), (draft(password: "nine byte"), "invalid_password"),
                (draft(password: String(repeating: "x", count: 73)), "invalid_password"),
                (draft(password: String(repeating: "ä", count: 37)), "invalid_password"),
                (draft(password: "carol's\0password"), "invalid_password"),
                (draft(password: "CAROL@example.com"), "invalid_password"),
            ]
            for (draft, code) in wrong { #expect(await refusal(kit, draft)?.code == code, "\(draft)") }
            var named = draft()
            named.firstName = long
            #expect(await refusal(kit, named)?.code == "invalid_first_name")
            #expect(try await kit.db.administrate("SELECT FROM users").count == users, "nothing was stored")
        }
    }

    @Test func `An address is the same however its letters are composed`() async throws {
        try await AccountKit.with { kit in
            try await kit.openRegistration()
            #expect(await refusal(kit, draft("jo", "J\u{F6}@example.com")) == nil)
            #expect(await refusal(kit, draft("jo2", "jO\u{308}@example.com"))?.code == "email_taken")
            #expect(await kit.refusal("JO\u{308}@example.com", "carol's own password") == nil)
        }
    }

    @Test func `One-time tokens verify and reset once, for their purpose and in their time`() async throws {
        try await AccountKit.with(administrator: true) { kit in
            let made = try await kit.services.administration.create(
                kit.db.alice.scope, AccountDraft(username: "carol", email: "carol@example.com", password: nil))
            let (verification, reset) = (try #require(made.verification), try #require(made.password))
            func refused(_ body: () async throws -> Void) async -> String? { await failure(Problem.self, body)?.code }
            let membership = kit.services.membership
            #expect(await refused { try await membership.verify(token: reset.text) } == "token_refused")
            #expect(await refused { try await membership.reset(token: verification.text, to: "a new password") } == "token_refused")
            #expect(await refused { try await membership.reset(token: reset.text, to: "short") } == "invalid_password")
            for wrong in ["", "bt_\0", String(verification.text.dropLast()), verification.text + "x"] {
                #expect(await refused { try await membership.verify(token: wrong) } == "token_refused")
            }
            try await membership.verify(token: verification.text)
            #expect(await refused { try await membership.verify(token: verification.text) } == "token_refused")
            #expect(try await kit.services.administration.show(kit.db.alice.scope, "carol").isVerified)

            #expect(await kit.refusal("carol", "a new password")?.code == "login_refused")
            try await membership.reset(token: reset.text, to: "a new password")
            #expect(await refused { try await membership.reset(token: reset.text, to: "a new password") } == "token_refused")
            let session = try await kit.logIn("carol", "a new password")
            let again = try await kit.services.administration.issueReset(kit.db.alice.scope, "CAROL@example.com").token
            let expired = try await kit.services.administration.issueReset(kit.db.alice.scope, "carol").token
            try await membership.reset(token: again.text, to: "yet another password")
            #expect(await kit.code(ofToken: session.accessToken) == "token_invalid", "a reset ends the sessions")
            #expect(await refused { try await membership.reset(token: expired.text, to: "a new password") } == "token_refused")
            let late = try await kit.services.administration.issueReset(kit.db.alice.scope, "carol").token
            try await kit.db.administrate("UPDATE account_tokens SET expires_at = now()")
            #expect(await refused { try await membership.reset(token: late.text, to: "a new password") } == "token_refused")
        }
    }

    @Test func `Changing the password takes the old one and ends the other sessions`() async throws {
        try await AccountKit.with { kit in
            let (own, other) = (try await kit.logIn(), try await kit.logIn())
            let principal = try await kit.principal(own)
            let membership = kit.services.membership
            let wrong = await failure(Problem.self) {
                try await membership.changePassword(principal, from: "wrong wrong", to: "a new password")
            }
            #expect(wrong?.code == "login_refused")
            let short = await failure(Problem.self) {
                try await membership.changePassword(principal, from: AccountKit.password, to: "short")
            }
            #expect(short?.code == "invalid_new_password")
            try await membership.changePassword(principal, from: AccountKit.password, to: "a new password")
            #expect(await kit.code(ofToken: own.accessToken) == nil)
            #expect(await kit.code(ofToken: other.accessToken) == "token_invalid")
            #expect(await kit.refusal("alice", AccountKit.password)?.code == "login_refused")
            _ = try await kit.logIn("alice", "a new password")
        }
    }

    @Test func `A new address has to be verified again; a name can be removed`() async throws {
        try await AccountKit.with { kit in
            try await kit.db.administrate("UPDATE users SET is_verified = true, first_name = 'A' WHERE id = \(kit.db.alice.id)")
            let membership = kit.services.membership
            let same = try await membership.update(kit.db.alice.scope, AccountChanges(email: "ALICE@example.com", lastName: "B"))
            #expect(same.isVerified && same.firstName == "A" && same.lastName == "B")
            let moved = try await membership.update(kit.db.alice.scope, AccountChanges(email: "a@example.com", firstName: .some(nil)))
            #expect(!moved.isVerified && moved.firstName == nil)
            let taken = await failure(Problem.self) {
                _ = try await membership.update(kit.db.alice.scope, AccountChanges(email: "BOB@example.com"))
            }
            #expect(taken?.code == "email_taken")
            let sneaky = try await membership.update(kit.db.alice.scope, AccountChanges(username: "alice2", isAdministrator: true))
            #expect(!sneaky.isAdministrator, "nobody makes themselves an administrator")
        }
    }

    @Test func `Deleting takes the password, everything goes, and the receipt counts it`() async throws {
        try await AccountKit.with { kit in
            let db = kit.db
            let tokens = try await kit.logIn()
            _ = try await KeyRing(database: db.database).create(db.alice.scope, name: "k", permissions: [.read])
            try await db.asApp(db.alice) { connection in
                try await connection.execute(
                    "INSERT INTO knowledge_base (user_id, secretary_id, content) VALUES (\(db.alice.id), \(db.alice.assistant.id), 'c')")
                try await connection.execute(
                    """
                    WITH c AS (INSERT INTO conversations (user_id, assistant_id) VALUES (\(db.alice.id), \(db.alice.assistant.id)) RETURNING id)
                    SELECT id FROM c
                    """)
                try await connection.execute(
                    """
                    INSERT INTO messages (user_id, conversation_id, role, content)
                    SELECT user_id, id, 'user', 'hello' FROM conversations, generate_series(1, 2)
                    """)
                try await connection.execute(
                    """
                    INSERT INTO files (user_id, assistant_id, file_name, source_path, file_size, sha256, storage_path)
                    VALUES (\(db.alice.id), \(db.alice.assistant.id), 'a', 'a', 1, decode(repeat('11', 32), 'hex'), 'x')
                    """)
            }
            let wrong = await failure(Problem.self) {
                _ = try await kit.services.membership.delete(db.alice.scope, password: "wrong wrong")
            }
            #expect(wrong?.code == "login_refused")
            let receipt = try await kit.services.membership.delete(db.alice.scope, password: AccountKit.password)
            let expected = [
                "users": 1, "assistants": 1, "knowledge_base": 1, "conversations": 1, "messages": 2, "files": 1, "api_keys": 1,
                "refresh_tokens": 1,
            ]
            #expect(receipt.rows.filter { $0.value > 0 } == expected)
            let tables = try await db.administrate(
                """
                SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id'
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                """
            ).map { try $0.decode(String.self) }
            #expect(Set(receipt.rows.keys) == Set(tables).union(["users"]))
            for table in tables {
                #expect(try await db.administrate("SELECT FROM \(identifier: table) WHERE user_id = \(db.alice.id)").isEmpty, "\(table)")
                let policies = try await db.administrate(
                    "SELECT FROM pg_policies WHERE tablename = \(table) AND policyname = \("\(table)_receipt")")
                #expect(policies.count == 1, "without it the receipt counts no row of \(table)")
            }
            let released = try await db.administrate("SELECT FROM file_contents WHERE reference_count = 0 AND released_at IS NOT NULL")
            #expect(released.count == 1, "the bytes can go")
            #expect(try await db.administrate("SELECT FROM knowledge_changes").count == 2, "the index hears of the passage's end")
            #expect(await kit.code(ofToken: tokens.accessToken) == "token_invalid")
            #expect(await kit.refusal("alice", AccountKit.password)?.code == "login_refused")
        }
    }
}
