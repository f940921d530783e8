import Accounts
import Domain
import Foundation
import Storage
import TestSupport
import Testing

@Suite struct KeyTests {
    private func problem(_ authenticator: Authenticator, _ header: String?) async -> Problem? {
        await failure(Problem.self) { _ = try await authenticator.authenticate(authorization: header) }
    }

    @Test func `A key opens its owner's scope with the permissions it was given`() async throws {
        try await withTestDatabase { db in
            let key = try await KeyRing(database: db.database).create(db.alice.scope, name: "importer", permissions: [.ingest, .read])
            #expect(key.key.hasPrefix("bk_"))
            let authenticator = Authenticator(database: db.database)
            for header in ["Bearer \(key.key)", "bearer   \(key.key)"] {
                let principal = try await authenticator.authenticate(authorization: header)
                #expect(principal.userID == db.alice.id)
                #expect(principal.scope.permissions == [.ingest, .read])
                #expect(!key.key.hasSuffix(principal.label.dropFirst(4)), "the log gets no secret")
            }
            let used = try await KeyRing(database: db.database).list(db.alice.scope, KeyQuery(limit: 10))
            #expect(used.first?.lastUsedAt != nil)
        }
    }

    @Test func `Nothing but a valid key is accepted, and all refusals read alike`() async throws {
        try await withTestDatabase { db in
            let authenticator = Authenticator(database: db.database)
            let key = try await KeyRing(database: db.database).create(db.alice.scope, name: "k", permissions: [.read]).key
            #expect(await problem(authenticator, nil)?.code == "key_missing")
            #expect(await problem(authenticator, "")?.code == "key_missing")
            let flipped = String(key.dropLast()) + (key.last == "A" ? "B" : "A")
            let wrong = [
                "Bearer \(flipped)", "Bearer \(key)x", "Bearer \(key.dropFirst(3))", "Bearer", "Basic \(key)", key, "Bearer bk__",
                "Bearer \(key.replacing("bk_", with: "sk_"))", "Bearer bk_\(String(repeating: "0", count: 12))_\(key.suffix(43))",
                "Bearer ' OR true --", "Bearer bk_\(String(repeating: "\0", count: 12))_\(key.suffix(43))",
                "Bearer bk_\(String(repeating: "é", count: 12))_\(key.suffix(43))",
            ]
            for header in wrong {
                let refused = await problem(authenticator, header)
                #expect(refused?.code == "key_invalid", "\(header)")
                #expect(refused?.kind == .unauthenticated)
                #expect(refused?.description.contains(key.suffix(43)) == false)
            }
        }
    }

    @Test func `Revoked, expired and a deactivated user's keys end at once`() async throws {
        try await withTestDatabase { db in
            let (ring, authenticator) = (KeyRing(database: db.database), Authenticator(database: db.database))
            let revoked = try await ring.create(db.alice.scope, name: "revoked", permissions: [.read])
            _ = try await authenticator.authenticate(authorization: "Bearer \(revoked.key)")
            try await ring.revoke(db.alice.scope, revoked.id)
            #expect(await problem(authenticator, "Bearer \(revoked.key)")?.code == "key_invalid")
            let expired = try await ring.create(
                db.alice.scope, name: "old", permissions: [.read], expiresAt: Date(timeIntervalSinceNow: -1))
            #expect(await problem(authenticator, "Bearer \(expired.key)")?.code == "key_invalid")
            let later = try await ring.create(
                db.alice.scope, name: "new", permissions: [.read], expiresAt: Date(timeIntervalSinceNow: 3600))
            _ = try await authenticator.authenticate(authorization: "Bearer \(later.key)")
            try await db.administrate("UPDATE users SET is_active = false WHERE id = \(db.alice.id)")
            #expect(await problem(authenticator, "Bearer \(later.key)")?.code == "key_invalid")
        }
    }

    @Test func `A key that expires makes none that outlives it`() async throws {
        try await withTestDatabase { db in
            let (ring, authenticator) = (KeyRing(database: db.database), Authenticator(database: db.database))
            let end = Date(timeIntervalSinceNow: 3_600)
            let key = try await ring.create(db.alice.scope, name: "short", permissions: [.admin], expiresAt: end)
            let principal = try await authenticator.authenticate(authorization: "Bearer \(key.key)")
            #expect(principal.key == key.id)
            for later in [nil, end.addingTimeInterval(60)] {
                let refused = await failure(Problem.self) {
                    _ = try await ring.create(principal.scope, name: "k", permissions: [.admin], expiresAt: later, maker: principal.key)
                }
                #expect(refused?.code == "key_outlives")
            }
            let sooner = try await ring.create(
                principal.scope, name: "k", permissions: [.admin], expiresAt: end.addingTimeInterval(-60), maker: principal.key)
            #expect(try #require(sooner.record.expiresAt) < end)
        }
    }

    @Test func `Keys are made, listed and revoked with admin alone, and only one's own`() async throws {
        try await withTestDatabase { db in
            let ring = KeyRing(database: db.database)
            let weak = db.scope(of: db.alice, permissions: [.read, .ingest])
            let key = try await ring.create(db.alice.scope, name: "k", permissions: [.admin])
            let attempts: [@Sendable () async throws -> Void] = [
                { _ = try await ring.create(weak, name: "k", permissions: [.read]) },
                { _ = try await ring.list(weak, KeyQuery(limit: 10)) },
                { try await ring.revoke(weak, key.id) },
            ]
            for attempt in attempts {
                #expect(await failure(Problem.self, attempt)?.code == "permission_missing")
            }
            let foreign = await failure(Problem.self) { try await ring.revoke(db.bob.scope, key.id) }
            #expect(foreign?.code == "key_not_found")
            #expect(try await ring.list(db.bob.scope, KeyQuery(limit: 10)).isEmpty)
        }
    }

    @Test func `A list shows no secret`() async throws {
        try await withTestDatabase { db in
            let ring = KeyRing(database: db.database)
            let keys = try await [
                ring.create(db.alice.scope, name: "1", permissions: [.read]), ring.create(db.alice.scope, name: "2", permissions: [.admin]),
            ]
            let records = try await ring.list(db.alice.scope, KeyQuery(limit: 10))
            #expect(records.map(\.name) == ["2", "1"])
            for key in keys {
                let secret = key.key.suffix(43)
                #expect(!"\(records)".contains(secret))
                let stored = try await db.administrate("SELECT to_jsonb(k)::text FROM api_keys k WHERE id = \(key.id)")
                #expect(try stored.first?.decode(String.self).contains(secret) == false)
            }
        }
    }

    @Test func `A key needs a name and a permission`() async throws {
        try await withTestDatabase { db in
            let ring = KeyRing(database: db.database)
            for (name, permissions) in [("", [.read]), (String(repeating: "x", count: 101), [.read]), ("x", [])]
                as [(String, Set<Permission>)]
            {
                let refused = await failure(Problem.self) {
                    _ = try await ring.create(db.alice.scope, name: name, permissions: permissions)
                }
                #expect(refused?.kind == .invalidRequest)
            }
        }
    }

    @Test func `The local administrator's token opens everything of the local user`() async throws {
        try await withTestDatabase { db in
            let administrator = LocalAdministrator()
            #expect(administrator.token.count == 64)
            #expect(administrator.token != LocalAdministrator().token)
            let authenticator = Authenticator(database: db.database, localAdministrator: administrator)
            let principal = try await authenticator.authenticate(authorization: "Bearer \(administrator.token)")
            #expect(principal.userID == .local)
            #expect(principal.scope.permissions == Set(Permission.allCases))
            #expect(await problem(authenticator, "Bearer \(LocalAdministrator().token)")?.code == "key_invalid")
            #expect(await problem(Authenticator(database: db.database), "Bearer \(administrator.token)")?.code == "key_invalid")
        }
    }
}
