import Domain
import Foundation
import Logging
@testable import Operations
import Postgres
import Storage
import TestSupport
import Testing

@Suite struct UpkeepTests {
    @Test func `A dry run counts what archiving moves, and changes nothing`() async throws {
        try await withUpkeep { database, upkeep in
            let mixed = try await database.converse(database.alice, daysAgo: [1, 200, 300])
            let idle = try await database.converse(database.bob, daysAgo: [190, 400])
            try await database.converse(database.bob, daysAgo: [2])
            let before = try await Backups.hashes(database.superuser)
            let age = try #require(Age("183days"))
            for (messages, inactive) in [(Age?.some(age), Age?.some(age)), (age, nil), (nil, age)] {
                let dry = try await upkeep.archive(messagesOlderThan: messages, inactiveFor: inactive, dryRun: true)
                #expect(try await Backups.hashes(database.superuser) == before)
                #expect(dry.messages == (messages == nil ? 0 : 4))
                #expect(dry.conversations == (inactive == nil ? 0 : 1))
                #expect(dry.messages_of_conversations == (messages == nil ? 2 : 0))
            }
            let done = try await upkeep.archive(messagesOlderThan: age, inactiveFor: age, dryRun: false)
            #expect(done == ArchiveReport(dry_run: false, messages: 4, conversations: 1, messages_of_conversations: 0))
            #expect(try await database.count("messages_archive") == 4)
            #expect(try await database.count("conversations_archive") == 1)
            let again = try await upkeep.archive(messagesOlderThan: age, inactiveFor: age, dryRun: false)
            #expect(again == ArchiveReport(dry_run: false, messages: 0, conversations: 0, messages_of_conversations: 0))

            let back = try await upkeep.restore([mixed, idle])
            #expect(back == MovedCounts(conversations: 1, messages: 4))
            #expect(try await database.count("messages_archive") == 0)
            #expect(try await database.count("messages") == 6)
            // What came back stays, though its rows are as old as before.
            let later = try await upkeep.archive(messagesOlderThan: age, inactiveFor: age, dryRun: true)
            #expect(later.messages == 0 && later.conversations == 0)
            #expect(try await upkeep.archive(messagesOlderThan: age, inactiveFor: age, dryRun: false).messages == 0)
            let nobody = await failure(Problem.self) { _ = try await upkeep.restore([UUID()]) }
            #expect(nobody?.kind == .notFound)
        }
    }

    @Test func `Parents, counts and attachments are the same after a way into the archive and back`() async throws {
        try await withUpkeep { database, upkeep in
            let conversation = try await database.converse(database.alice, daysAgo: [500, 400, 1])
            let file = try await database.put("attached.md", for: database.alice).file
            try await database.administrate(
                """
                UPDATE messages m SET parent_id = p.id FROM messages p
                WHERE m.created_at = (SELECT max(created_at) FROM messages WHERE created_at < now() - interval '399 days')
                    AND p.created_at = (SELECT min(created_at) FROM messages)
                """)
            try await database.administrate(
                """
                UPDATE files SET conversation_id = m.conversation_id, message_id = m.id, message_created_at = m.created_at
                FROM messages m WHERE files.id = \(file.id) AND m.created_at = (SELECT min(created_at) FROM messages)
                """)
            let state: SQL = """
                SELECT concat_ws('|', c.message_count, c.title, c.updated_at, f.message_id, f.message_created_at, f.conversation_id,
                    (SELECT string_agg(concat_ws(',', m.id, m.parent_id, m.created_at, m.content), ';' ORDER BY m.created_at) FROM messages m))
                FROM conversations c, files f
                """
            let before = try await database.administrate(state).first?.decode(String.self)
            let age = try #require(Age("6months"))
            let old = try await upkeep.archive(messagesOlderThan: age, inactiveFor: nil, dryRun: false)
            #expect(old.messages == 2)
            _ = try await upkeep.restore([conversation])
            #expect(try await database.administrate(state).first?.decode(String.self) == before)

            try await database.administrate("UPDATE conversations SET updated_at = now() - interval '1 year', restored_at = NULL")
            let changed = try await database.administrate(state).first?.decode(String.self)
            let inactive = try await upkeep.archive(messagesOlderThan: nil, inactiveFor: age, dryRun: false)
            #expect(inactive.conversations == 1 && inactive.messages_of_conversations == 3)
            _ = try await upkeep.restore([conversation])
            let after = try await database.administrate(state).first?.decode(String.self)
            // The time of the last message is made true again.
            #expect(after == before && changed != before)
        }
    }

    @Test func `Partitions are made once, of past months too, and take in what lies in the default one`() async throws {
        try await withUpkeep { database, upkeep in
            try await database.converse(database.alice, daysAgo: [400])
            #expect(try await database.count("messages_default") == 1)
            #expect(try await upkeep.ensurePartitions(from: "2025-01", months: 24) > 12)
            #expect(try await upkeep.ensurePartitions(from: "2025-01", months: 24) == 0)
            #expect(try await database.count("messages_default") == 0)
            #expect(try await database.count("messages") == 1)
            let names = try await upkeep.partitions().map(\.name)
            #expect(names.contains("messages_y2025m01") && names.contains("messages_default"))
            for month in ["2026-13", "26-01", "2026-1", "2026-01-01", "now"] {
                let problem = await failure(Problem.self) { _ = try await upkeep.ensurePartitions(from: month, months: 1) }
                #expect(problem?.code == "invalid_from", "\(month)")
            }
            let many = await failure(Problem.self) { _ = try await upkeep.ensurePartitions(from: nil, months: 241) }
            #expect(many?.code == "invalid_months")
        }
    }

    @Test func `The figures name tables, indexes, partitions, connections and pools`() async throws {
        try await withUpkeep { database, upkeep in
            let figures = try await upkeep.statistics()
            #expect(figures.bytes > 0 && figures.tables.contains { $0.name == "users" && $0.bytes > 0 })
            #expect(figures.indexes.contains { $0.name == "users_pkey" && $0.is_unique })
            #expect(!figures.unused_indexes.contains("users_pkey") && figures.unused_indexes.contains("idx_users_created_at"))
            #expect(figures.partitions.contains { $0.name == "messages_default" })
            #expect(figures.connections.contains { $0.role == "bunko_worker" && $0.count > 0 })
            #expect(figures.pools.map(\.name) == ["requests", "worker"])
        }
    }
}

@Suite struct MaintenanceTests {
    @Test func `A round makes partitions, archives by the setting and clears away; a second finds nothing to do`() async throws {
        try await withUpkeep { database, upkeep in
            try await makeOldThings(database)
            let service = MaintenanceService(upkeep: upkeep, contents: ContentStore(directory: "/nowhere"), logger: .silent)
            let first = try #require(try await service.round())
            #expect(first.partitionsMade > 0)
            #expect(first.messagesArchived == 2 && first.conversationsArchived == 1)
            #expect(first.idempotencyKeysCleared == 1 && first.loginAttemptsCleared == 1)
            #expect(first.refreshTokensCleared == 2 && first.accountTokensCleared == 2)
            #expect(!first.hasEmbeddingIndex)
            for (table, left) in [("idempotency_keys", 1), ("login_attempts", 1), ("refresh_tokens", 2), ("account_tokens", 2)] {
                #expect(try await database.count(table) == left, "\(table)")
            }
            #expect(try await service.round() == MaintenanceReport())
        }
    }

    @Test(arguments: ["0", "null", "-5", "\"soon\""])
    func `A setting without a number of days turns scheduled archiving off`(value: String) async throws {
        try await withUpkeep { database, upkeep in
            try await database.converse(database.alice, daysAgo: [900])
            try await database.administrate(
                "UPDATE system_settings SET value = \(RawJSON(value)) WHERE key = 'archive_after_days'")
            let report = try await MaintenanceService(upkeep: upkeep, contents: ContentStore(directory: "/nowhere"), logger: .silent)
                .round()
            #expect(report?.messagesArchived == 0 && report?.conversationsArchived == 0)
            #expect(try await database.count("messages") == 1)
        }
    }

    @Test func `Of two at once one works and the other passes, and afterwards the lock is free`() async throws {
        try await withUpkeep { database, upkeep in
            try await makeOldThings(database)
            let service = MaintenanceService(upkeep: upkeep, contents: ContentStore(directory: "/nowhere"), logger: .silent)
            let whileHeld = try await database.database.exclusively("bunko.maintenance", database.system) { try await service.round() }
            #expect(whileHeld == .some(.none))
            #expect(try await database.count("idempotency_keys") == 2, "the one that passed did nothing")

            async let one = service.round()
            async let other = service.round()
            let reports = try await [one, other].compactMap(\.self)
            #expect(!reports.isEmpty && reports.map(\.idempotencyKeysCleared).reduce(0, +) == 1)
            #expect(reports.map(\.messagesArchived).reduce(0, +) == 2)
            #expect(try await service.round() != nil)
        }
    }

    @Test func `The service begins at once, and a failing database neither ends it nor keeps it from going on`() async throws {
        try await withUpkeep { database, upkeep in
            try await makeOldThings(database)
            try await database.administrate("ALTER TABLE idempotency_keys RENAME TO away")
            let service = MaintenanceService(
                upkeep: upkeep, contents: ContentStore(directory: "/nowhere"), interval: .milliseconds(50), logger: .silent)
            let running = Task { try await service.run() }
            #expect(try await eventually { try await database.count("messages_archive") == 2 })
            #expect(try await database.count("away") == 2)
            try await database.administrate("ALTER TABLE away RENAME TO idempotency_keys")
            #expect(try await eventually { try await database.count("login_attempts") == 1 })
            running.cancel()
            try await running.value
        }
    }

    @Test func `The index on embeddings comes with enough rows, once`() async throws {
        try await withUpkeep { database, upkeep in
            try await database.administrate(
                """
                INSERT INTO knowledge_base (user_id, secretary_id, content, embedding)
                SELECT \(database.alice.id), \(database.alice.assistant.id), 'passage ' || n,
                    array_prepend(n::real, array_fill(1::real, ARRAY[1535]))::vector FROM generate_series(1, 1200) AS n
                """)
            try await database.administrate("ANALYZE knowledge_base")
            let service = MaintenanceService(upkeep: upkeep, contents: ContentStore(directory: "/nowhere"), logger: .silent)
            #expect(try await service.round()?.hasEmbeddingIndex == true)
            #expect(try await service.round()?.hasEmbeddingIndex == true)
            let index = try await database.administrate("SELECT indexdef FROM pg_indexes WHERE indexname = 'idx_knowledge_base_embedding'")
            #expect(try index.first?.decode(String.self).contains("ivfflat") == true)
        }
    }

    /// Of each kind one thing past its time (of tokens one used and one expired) and as many that are not.
    private func makeOldThings(_ database: TestDatabase) async throws {
        let user = database.alice.id
        try await database.converse(database.alice, daysAgo: [200, 500])
        try await database.converse(database.bob, daysAgo: [100])
        try await database.administrate(
            """
            INSERT INTO idempotency_keys (user_id, key, request_sha256, created_at)
            SELECT \(user), key, sha256('x'), now() - age
            FROM (VALUES ('old', interval '25 hours'), ('young', interval '23 hours')) AS k (key, age)
            """)
        try await database.administrate(
            """
            INSERT INTO login_attempts (name_folded, failures, last_failure_at)
            VALUES ('old', 3, now() - interval '25 hours'), ('young', 3, now() - interval '23 hours')
            """)
        for (table, column, value) in [("refresh_tokens", "family_id", "gen_random_uuid()"), ("account_tokens", "purpose", "'setup'")] {
            try await database.administrate(
                """
                INSERT INTO \(identifier: table) (user_id, \(identifier: column), secret_sha256, expires_at, used_at)
                SELECT \(user), \(unescaped: value), sha256(name::bytea), now() + expiry, now() - used
                FROM (VALUES ('expired', interval '-31 days', NULL), ('used', interval '1 day', interval '31 days'),
                    ('expired lately', interval '-29 days', NULL), ('living', interval '1 day', NULL)) AS t (name, expiry, used)
                """)
        }
    }
}

func withUpkeep<R>(
    isolation: isolated (any Actor)? = #isolation, _ body: (TestDatabase, Upkeep) async throws -> R
) async throws -> R {
    try await withTestDatabase { database in
        try await body(database, Upkeep(database: database.database, scope: database.system))
    }
}
