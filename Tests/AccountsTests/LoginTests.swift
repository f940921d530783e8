import Accounts
import Domain
import Foundation
import Storage
import TestSupport
import Testing

@Suite struct LoginTests {
    @Test func `A user logs in with name or address in any case and may do all with what is theirs`() async throws {
        try await AccountKit.with { kit in
            for name in ["alice", "ALICE", " Alice@Example.COM "] {
                let tokens = try await kit.logIn(name)
                #expect(tokens.user == kit.db.alice.id)
                let principal = try await kit.principal(tokens)
                #expect(principal.userID == kit.db.alice.id)
                #expect(principal.session == tokens.session)
                #expect(principal.scope.permissions == Set(Permission.allCases))
                #expect(!principal.label.contains(tokens.accessToken))
            }
            #expect(try await kit.services.membership.show(kit.db.alice.scope).lastLoginAt != nil)
        }
    }

    /// A wrapper in the test's database counts the comparisons and refuses one of another cost.
    @Test func `Every log-in costs one comparison of the same cost, and all refusals read alike`() async throws {
        try await AccountKit.with { kit in
            try await kit.db.administrate("CREATE SEQUENCE comparisons")
            try await kit.db.administrate("GRANT ALL ON SEQUENCE comparisons TO bunko_owner")
            try await kit.db.administrate(
                """
                CREATE OR REPLACE FUNCTION verify_password(password text, hash text) RETURNS boolean LANGUAGE plpgsql VOLATILE STRICT AS $$
                BEGIN
                    IF hash !~ '^\\$2a\\$12\\$[./A-Za-z0-9]{53}$' OR octet_length(password) > 72 THEN RAISE 'not the cost of a log-in'; END IF;
                    PERFORM nextval('public.comparisons');
                    RETURN crypt(password, hash) = hash;
                END $$
                """)
            try await kit.givePassword(kit.db.bob)
            try await kit.db.administrate("UPDATE users SET is_active = false WHERE id = \(kit.db.bob.id)")
            try await kit.db.administrate(
                "INSERT INTO login_attempts (name_folded, failures, locked_until) VALUES ('carol', 9, now() + interval '5 minutes')")
            let attempts: [(name: String, password: String, code: String?)] = [
                ("alice", AccountKit.password, nil), ("alice", "wrong wrong", "login_refused"),
                ("nobody", AccountKit.password, "login_refused"),
                ("bob", AccountKit.password, "login_refused"), ("local", "!", "login_refused"), ("carol", "wrong wrong", "login_locked"),
                ("alice", String(repeating: "ä", count: 37), "login_refused"), ("nobody", "", "login_refused"),
            ]
            for (index, attempt) in attempts.enumerated() {
                let problem = await kit.refusal(attempt.name, attempt.password)
                #expect(problem?.code == attempt.code, "\(attempt)")
                if problem?.code == "login_refused" { #expect(problem?.description == "The name or the password is not right.") }
                let count = try await kit.db.administrate("SELECT last_value FROM comparisons")
                #expect(try count.first?.decode("last_value", as: Int.self) == index + 1, "\(attempt)")
            }
        }
    }

    @Test func `Failures lock a name for longer and longer, whether it exists or not, and a success forgets them`() async throws {
        try await AccountKit.with { kit in
            for name in ["alice", "nobody"] {
                try await kit.db.administrate("INSERT INTO login_attempts (name_folded, failures) VALUES (\(name), 4)")
                for seconds in [1, 2, 4] {
                    let refused = await kit.refusal(name, "wrong wrong")
                    #expect(refused?.code == "login_refused")
                    #expect(refused?.retryAfter == seconds)
                    try await kit.db.administrate(
                        "UPDATE login_attempts SET locked_until = now() + interval '9 s' WHERE name_folded = \(name)")
                    let locked = await kit.refusal(name, AccountKit.password)
                    #expect(locked?.kind == .tooManyRequests)
                    #expect((8...9).contains(locked?.retryAfter ?? 0))
                    try await kit.db.administrate("UPDATE login_attempts SET locked_until = now() WHERE name_folded = \(name)")
                }
                try await kit.db.administrate("UPDATE login_attempts SET failures = 1000 WHERE name_folded = \(name)")
                #expect(await kit.refusal(name, "wrong wrong")?.retryAfter == 900)
                try await kit.db.administrate("UPDATE login_attempts SET locked_until = now() WHERE name_folded = \(name)")
            }
            _ = try await kit.logIn()
            #expect(await kit.refusal("alice", "wrong wrong")?.retryAfter == nil)
        }
    }

    @Test func `Failures under name and address count for one account, and no answer tells that they are one`() async throws {
        try await AccountKit.with { kit in
            let (alice, key) = (kit.db.alice.id, " \(kit.db.alice.id)")
            func failures(of name: String) async throws -> Int {
                let rows = try await kit.db.administrate("SELECT failures FROM login_attempts WHERE name_folded = \(name)")
                return try rows.first?.decode("failures", as: Int.self) ?? 0
            }
            for name in ["alice", "ALICE", "alice@example.com", "Alice@example.com"] {
                #expect(await kit.refusal(name, "wrong wrong")?.retryAfter == nil)
            }
            #expect(try await failures(of: key) == 4)
            #expect(await kit.refusal("alice@example.com", "wrong wrong")?.code == "login_refused")
            try await kit.db.administrate("UPDATE login_attempts SET locked_until = now() + interval '1 hour' WHERE name_folded = \(key)")
            // The account is locked: neither name lets the right password in, in the words an unknown name gets that was tried as often.
            for name in ["alice", "alice@example.com", "nobody"] {
                let refused = await kit.refusal(name, AccountKit.password)
                #expect(refused?.code == "login_refused" && refused?.retryAfter == nil, "\(name)")
                #expect(refused?.description == "The name or the password is not right.")
            }
            #expect(try await failures(of: key) == 5, "what is locked is not counted")
            for (name, count) in [("alice", 3), ("alice@example.com", 4), ("nobody", 1), (" nobody", 1)] {
                #expect(try await failures(of: name) == count, "\(name)")
            }
            try await kit.db.administrate("UPDATE login_attempts SET locked_until = now() WHERE name_folded = \(key)")
            #expect(try await kit.logIn("alice@example.com").user == alice)
            #expect(try await failures(of: key) == 0)
        }
    }

    @Test func `Attempts at once do not pass the lock together`() async throws {
        try await AccountKit.with { kit in
            try await kit.db.administrate("INSERT INTO login_attempts (name_folded, failures) VALUES ('alice', 7)")
            let codes = await withTaskGroup(of: String?.self) { tasks in
                for _ in 0..<4 { tasks.addTask { await kit.refusal("alice", "wrong wrong")?.code } }
                return await tasks.reduce(into: [String]()) { $0.append($1 ?? "accepted") }
            }
            #expect(codes.sorted() == ["login_locked", "login_locked", "login_locked", "login_refused"])
        }
    }

    @Test func `What the database could not take is refused before it is asked`() async throws {
        try await AccountKit.with { kit in
            #expect(await kit.refusal("ali\0ce", AccountKit.password)?.code == "invalid_username")
            #expect(await kit.refusal(String(repeating: "x", count: 2_000), AccountKit.password)?.code == "invalid_username")
            #expect(await kit.refusal("alice", "correct\0horse battery")?.code == "invalid_password")
            #expect(await kit.refusal("alice", String(repeating: "x", count: 5_000))?.code == "invalid_password")
            let attempts = try await kit.db.administrate("SELECT FROM login_attempts")
            #expect(attempts.isEmpty)
        }
    }

    @Test func `A password is the same however its letters are composed`() async throws {
        try await AccountKit.with(administrator: true) { kit in
            let draft = AccountDraft(username: "zoe", email: "zoe@example.com", password: "Zo\u{eb} und ihr Caf\u{e9}", isVerified: true)
            _ = try await kit.services.administration.create(kit.db.alice.scope, draft)
            _ = try await kit.logIn("zoe", "Zoe\u{308} und ihr Cafe\u{301}")
        }
    }

    @Test func `Only so many passwords are hashed at a time, and only so many wait`() async throws {
        let gate = PasswordGate(width: 1, queueLength: 1)
        let (started, start) = AsyncStream<Void>.makeStream()
        let (finish, finished) = AsyncStream<Void>.makeStream()
        let first = Task {
            try await gate.run {
                start.yield()
                for await _ in finish { break }
            }
        }
        for await _ in started { break }
        let waiting = Task { try await gate.run {} }
        // Whoever comes third is turned away; until the second waits, a try takes its place and leaves it cancelled.
        var full: Problem?
        while full == nil {
            let attempt = Task { try await gate.run {} }
            try await Task.sleep(for: .milliseconds(5))
            attempt.cancel()
            full = await failure(Problem.self) { try await attempt.value }
        }
        #expect(full?.kind == .unavailable)
        #expect(full?.code == "logins_busy")
        #expect(full?.retryAfter != nil)
        finished.yield()
        try await first.value
        try await waiting.value
        #expect(try await gate.run { 1 } == 1, "its places are free again")
    }
}
