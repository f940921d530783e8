import Domain
import Foundation
import Postgres
import TestSupport
import Testing

/// Partitions of messages, and the way into the archive and back, by the functions alone.
@Suite struct ArchiveSchemaTests {
    @Test func `Rows leave the default partition with their attachments, once, however many ask`() async throws {
        try await withTestDatabase { db in
            let talk = try await db.oldTalk(db.alice, daysAgo: [400, 401, 2])
            #expect(try await db.texts("SELECT count(*) FROM messages_default") == ["2"])
            let before = try await state(db)
            let make: SQL = "SELECT ensure_message_partitions((now() - interval '14 months')::date, 14)"
            let made = try await withThrowingTaskGroup(of: Int32.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        try await db.work(make).first?.decode(Int32.self) ?? -1
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(made.sorted().first == 0 && made.sorted().last ?? 0 >= 12, "\(made)")
            #expect(try await db.work(make).first?.decode(Int32.self) == 0)
            #expect(try await db.texts("SELECT count(*) FROM messages_default") == ["0"])
            #expect(try await state(db) == before)
            #expect(try await db.texts("SELECT count(*) FROM files f JOIN messages m ON m.id = f.message_id") == ["3"])
            #expect(try await counts(db, of: talk) == ["3"])
            try await db.asApp(db.alice) { connection in
                for call: SQL in [make, "SELECT * FROM message_partitions()", "SELECT archive_old_messages()"] {
                    let error = await failure(PostgresError.self) { try await connection.execute(call) }
                    #expect(error?.code == .insufficientPrivilege)
                }
                let direct = await failure(PostgresError.self) { try await connection.execute("SELECT FROM messages_default") }
                #expect(direct?.code == .insufficientPrivilege, "a partition is reached through its parent only")
            }
            let many = await failure(PostgresError.self) {
                try await db.work("SELECT ensure_message_partitions('2020-01-01', 241)")
            }
            #expect(many?.sqlState == "22023")
        }
    }

    @Test func `Old messages move, remember their files, and come back`() async throws {
        try await withTestDatabase { db in
            let talk = try await db.oldTalk(db.alice, daysAgo: [300, 200, 1])
            _ = try await db.oldTalk(db.bob, daysAgo: [250])
            let before = try await state(db)
            #expect(try await db.work("SELECT archive_old_messages()").first?.decode(Int32.self) == 3)
            #expect(try await db.work("SELECT archive_old_messages()").first?.decode(Int32.self) == 0)
            #expect(try await db.work("SELECT FROM messages_archive").count == 3)
            #expect(try await counts(db, of: talk) == ["1"])
            #expect(try await moved(db, "restore_conversations(ARRAY(SELECT id FROM conversations))") == [0, 3])
            #expect(try await state(db) == before)
            #expect(try await db.work("SELECT archive_old_messages()").first?.decode(Int32.self) == 0, "what came back stays")
        }
    }

    @Test func `Idle conversations move with all they have, and come back`() async throws {
        try await withTestDatabase { db in
            let idle = try await db.oldTalk(db.alice, daysAgo: [500, 300])
            let answered = try await db.texts("SELECT id FROM messages ORDER BY created_at")
            try await db.administrate(
                "UPDATE messages SET parent_id = \(untyped: answered[0])::uuid WHERE id = \(untyped: answered[1])::uuid")
            let fresh = try await db.oldTalk(db.alice, daysAgo: [500, 3])
            let before = try await state(db)
            let archive: SQL = "archive_inactive_conversations()"
            #expect(try await moved(db, archive) == [1, 2])
            #expect(try await moved(db, archive) == [0, 0])
            #expect(try await db.texts("SELECT id FROM conversations") == [fresh.uuidString.lowercased()])
            #expect(try await db.texts("SELECT message_count FROM conversations_archive") == ["2"])
            #expect(try await db.texts("SELECT archived_conversation_id FROM files WHERE conversation_id IS NULL").count == 2)
            let restore: SQL = "restore_conversations(ARRAY[\(idle)]::uuid[])"
            #expect(try await moved(db, restore) == [1, 2])
            #expect(try await moved(db, restore) == [0, 0])
            #expect(try await state(db) == before)
        }
    }

    @Test func `A user archives and restores their own only`() async throws {
        try await withTestDatabase { db in
            let (own, foreign) = (try await db.oldTalk(db.alice, daysAgo: [5]), try await db.oldTalk(db.bob, daysAgo: [5]))
            let before = try await state(db)
            try await db.asApp(db.alice) { connection in
                for (name, expected) in [("archive_conversations", [1, 0]), ("restore_conversations", [1, 0])] {
                    for count in expected {
                        let rows = try await connection.query(
                            "SELECT conversations FROM \(identifier: name)(ARRAY[\(own), \(foreign)]::uuid[])")
                        #expect(try rows.first?.decode(Int64.self) == Int64(count), "\(name)")
                    }
                }
            }
            #expect(try await state(db) == before)
        }
    }

    @Test(arguments: [
        ("conversations", "DELETE", "archive_inactive_conversations()"), ("messages_archive", "INSERT", "archive_inactive_conversations()"),
        ("messages_archive", "INSERT", "archive_old_messages()"), ("files", "UPDATE", "archive_old_messages()"),
        ("messages", "INSERT", "restore_conversations(ARRAY(SELECT id FROM conversations_archive))"),
        ("conversations", "INSERT", "restore_conversations(ARRAY(SELECT id FROM conversations_archive))"),
        ("messages", "INSERT", "ensure_message_partitions('2020-01-01', 84)"),
    ])
    func `A failure in the middle leaves everything where it was`(table: String, event: String, call: String) async throws {
        try await withTestDatabase { db in
            _ = try await db.oldTalk(db.alice, daysAgo: [500, 400])
            if call.hasPrefix("restore") {
                try await db.work("SELECT archive_inactive_conversations()")
            }
            try await db.administrate(
                """
                CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'in the middle' USING ERRCODE = 'raise_exception'; END $$
                """)
            try await db.administrate(
                "CREATE TRIGGER fail AFTER \(unescaped: event) ON \(identifier: table) FOR EACH ROW EXECUTE FUNCTION fail()")
            let before = try await state(db)
            let error = await failure(PostgresError.self) {
                try await db.work("SELECT * FROM \(unescaped: call)")
            }
            #expect(error?.message == "in the middle")
            #expect(try await state(db) == before)
        }
    }

    @Test func `A conversation whose assistant is gone comes back with a persona`() async throws {
        try await withTestDatabase { db in
            let talk = try await db.oldTalk(db.alice, daysAgo: [5])
            try await db.asApp(db.alice) { connection in
                try await connection.execute("SELECT archive_conversations(ARRAY[\(talk)]::uuid[])")
                try await connection.execute("DELETE FROM assistants WHERE id = \(db.alice.assistant.id)")
                try await connection.execute("SELECT restore_conversations(ARRAY[\(talk)]::uuid[])")
                #expect(try await connection.summary(of: talk) == TalkSummary(title: "said 5 days ago", count: 1))
            }
            #expect(try await db.texts("SELECT coalesce(assistant_id::text, persona_id) FROM conversations") == ["business-assistant"])
        }
    }

    /// The conversations and messages a function moves.
    private func moved(_ db: TestDatabase, _ call: SQL) async throws -> [Int64] {
        try await db.work("SELECT ARRAY[conversations, messages] FROM \(call)").first?.decode([Int64].self) ?? []
    }

    private func counts(_ db: TestDatabase, of talk: UUID) async throws -> [String] {
        try await db.texts("SELECT message_count FROM conversations WHERE id = \(talk)")
    }

    /// All rows that archiving moves, wherever they stand, but for when they were archived and what is set anew by restoring.
    private func state(_ db: TestDatabase) async throws -> [String] {
        try await db.texts(
            """
            SELECT v FROM (
                SELECT 'c ' || (to_jsonb(c) - 'restored_at')::text FROM conversations c UNION ALL
                SELECT 'm ' || to_jsonb(m)::text FROM messages m UNION ALL
                SELECT 'ca ' || to_jsonb(c)::text FROM conversations_archive c UNION ALL
                SELECT 'ma ' || to_jsonb(m)::text FROM messages_archive m UNION ALL
                SELECT 'f ' || concat_ws(' ', id, assistant_id, conversation_id, message_id, message_created_at, archived_conversation_id,
                    archived_message_id) FROM files
            ) AS s (v) ORDER BY 1
            """)
    }
}
