import Domain
import Foundation
import Postgres
import TestSupport
import Testing

/// What the tables of conversations do by themselves, whichever program writes them: all by plain SQL as `bunko_app`.
@Suite struct ConversationSchemaTests {
    @Test func `The title is the first thing a user said, folded and cut`() async throws {
        try await withTestDatabase { db in
            try await db.asApp(db.alice) { connection in
                let talk = try await connection.startTalk(of: db.alice)
                try await connection.say("Welcome", as: "assistant", in: talk, of: db.alice)
                #expect(try await connection.summary(of: talk) == TalkSummary(title: nil, count: 1))
                try await connection.say(" \t\n ", in: talk, of: db.alice)
                #expect(try await connection.summary(of: talk).title == nil, "white space is no title")
                try await connection.say("  How \t\n far is\r\nit? ", in: talk, of: db.alice)
                let title = try await connection.summary(of: talk).title
                #expect(title?.split(whereSeparator: \.isWhitespace) == ["How", "far", "is", "it?"])
                #expect(title?.hasPrefix("How far") == true && title?.hasSuffix("it?") == true)
                try await connection.say("Another question", in: talk, of: db.alice)
                #expect(try await connection.summary(of: talk) == TalkSummary(title: title, count: 4))

                let long = try await connection.startTalk(of: db.alice)
                try await connection.say(String(repeating: "明日の会議の資料を", count: 40), in: long, of: db.alice)
                let cut = try await connection.summary(of: long).title
                #expect(cut == String(String(repeating: "明日の会議の資料を", count: 40).prefix(200)))

                let named = try await connection.startTalk(of: db.alice)
                try await connection.execute("UPDATE conversations SET title = 'Plans' WHERE id = \(named)")
                try await connection.say("Not this", in: named, of: db.alice)
                #expect(try await connection.summary(of: named) == TalkSummary(title: "Plans", count: 1))
            }
        }
    }

    @Test func `Statements over many rows and conversations keep count and time`() async throws {
        try await withTestDatabase { db in
            try await db.asApp(db.alice) { connection in
                let (one, other) = (try await connection.startTalk(of: db.alice), try await connection.startTalk(of: db.alice))
                try await connection.execute(
                    """
                    INSERT INTO messages (user_id, conversation_id, role, content, created_at)
                    SELECT \(db.alice.id), talk, 'user', 'line ' || i, now() + make_interval(secs => i)
                    FROM generate_series(1, 100) AS i, unnest(ARRAY[\(one), \(other)]::uuid[]) AS talk WHERE talk = \(one) OR i <= 7
                    """)
                #expect(try await connection.summary(of: one) == TalkSummary(title: "line 1", count: 100))
                #expect(try await connection.summary(of: other) == TalkSummary(title: "line 1", count: 7))
                try await connection.execute("DELETE FROM messages WHERE content IN ('line 1', 'line 2', 'line 50')")
                #expect(try await connection.summary(of: one) == TalkSummary(title: "line 1", count: 97))
                #expect(try await connection.summary(of: other) == TalkSummary(title: "line 1", count: 5))
                let before = try await connection.query("SELECT updated_at::text FROM conversations WHERE id = \(one)")
                    .map { try $0.decode(String.self) }
                try await connection.execute(
                    """
                    INSERT INTO messages (user_id, conversation_id, role, content, created_at)
                    VALUES (\(db.alice.id), \(one), 'user', 'found later', now() - interval '40 days')
                    """)
                let after = try await connection.query("SELECT updated_at::text FROM conversations WHERE id = \(one)")
                    .map { try $0.decode(String.self) }
                #expect(after == before, "an older message does not turn time back")
                try await connection.execute("DELETE FROM messages WHERE conversation_id = \(one)")
                #expect(try await connection.summary(of: one).count == 0)
                try await connection.execute("DELETE FROM conversations WHERE id = \(other)")
                #expect(try await connection.query("SELECT FROM messages").isEmpty)
            }
        }
    }

    @Test func `Eight connections that append to one conversation lose no count`() async throws {
        try await withTestDatabase { db in
            let talk = try await db.talk(db.alice)
            try await withThrowingTaskGroup { group in
                for writer in 0..<8 {
                    group.addTask {
                        try await db.asApp(db.alice) { connection in
                            for line in 0..<25 { try await connection.say("\(writer): \(line)", in: talk, of: db.alice) }
                            try await connection.execute(
                                "DELETE FROM messages WHERE conversation_id = \(talk) AND content = \("\(writer): 3")")
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await db.asApp(db.alice) { connection in
                let summary = try await connection.summary(of: talk)
                #expect(summary.count == 8 * 24 && summary.isTimely)
                #expect(summary.title?.hasSuffix(": 0") == true)
                #expect(try await connection.query("SELECT FROM messages WHERE conversation_id = \(talk)").count == 8 * 24)
            }
        }
    }

    @Test func `A message answers one of its own conversation only`() async throws {
        try await withTestDatabase { db in
            let foreignTalk = try await db.talk(db.bob)
            let foreign = try await db.asApp(db.bob) { try await $0.say("Bob's", in: foreignTalk, of: db.bob) }
            try await db.asApp(db.alice) { connection in
                let (one, other) = (try await connection.startTalk(of: db.alice), try await connection.startTalk(of: db.alice))
                let first = try await connection.say("first", in: one, of: db.alice)
                try await connection.say("answer", as: "assistant", in: one, of: db.alice, answering: first)
                for (talk, parent) in [(other, first), (one, foreign), (one, UUID())] {
                    let error = await failure(PostgresError.self) {
                        try await connection.say("stray", in: talk, of: db.alice, answering: parent)
                    }
                    #expect(error?.code == .foreignKeyViolation)
                }
                let moved = await failure(PostgresError.self) {
                    try await connection.execute("UPDATE messages SET conversation_id = \(other) WHERE id = \(first)")
                }
                #expect(moved?.code == .insufficientPrivilege)
                let own = await failure(PostgresError.self) {
                    try await connection.execute("UPDATE messages SET parent_id = id WHERE id = \(first)")
                }
                #expect(own?.code == .checkViolation)
                let redirected = await failure(PostgresError.self) {
                    try await connection.execute("UPDATE messages SET parent_id = \(foreign) WHERE id = \(first)")
                }
                #expect(redirected?.code == .foreignKeyViolation, "an update is checked like an insert")
                #expect(try await connection.summary(of: one).count == 2)
            }
        }
    }

    @Test func `Status and end are kept matching, whichever is set`() async throws {
        try await withTestDatabase { db in
            try await db.asApp(db.alice) { connection in
                let talk = try await connection.startTalk(of: db.alice)
                func state(after change: SQL) async throws -> String? {
                    try await connection.execute("UPDATE conversations SET \(change) WHERE id = \(talk)")
                    return try await connection.query(
                        "SELECT status || CASE WHEN ended_at IS NULL THEN '' ELSE ' at ' || (ended_at >= started_at) END FROM conversations"
                    ).first?.decode(String.self)
                }
                #expect(try await state(after: "status = status") == "active")
                #expect(try await state(after: "status = 'ended'") == "ended at true")
                #expect(try await state(after: "status = 'archived'") == "archived at true")
                #expect(try await state(after: "status = 'active'") == "active")
                #expect(try await state(after: "ended_at = now()") == "ended at true")
                #expect(try await state(after: "ended_at = NULL") == "active")
                for wrong: SQL in ["status = 'open'", "ended_at = started_at - interval '1 day'", "message_count = -1"] {
                    let error = await failure(PostgresError.self) { _ = try await state(after: wrong) }
                    #expect(error?.code == .checkViolation)
                }
                try await connection.execute(
                    "INSERT INTO conversations (user_id, persona_id, status) VALUES (\(db.alice.id), 'education-tutor', 'ended')")
                #expect(try await connection.query("SELECT FROM conversations WHERE ended_at >= started_at").count == 1)
            }
        }
    }

    @Test func `Roles, emotions and partners are checked`() async throws {
        try await withTestDatabase { db in
            try await db.asApp(db.alice) { connection in
                let talk = try await connection.startTalk(of: db.alice)
                for role in ["user", "assistant", "system", "tool"] { try await connection.say("x", as: role, in: talk, of: db.alice) }
                try await connection.say("x", as: "assistant", in: talk, of: db.alice, emotion: "joy")
                for (role, emotion) in [("robot", nil), ("User", nil), ("user", "joy"), ("system", "joy"), ("tool", "joy")] {
                    let error = await failure(PostgresError.self) {
                        try await connection.say("x", as: role, in: talk, of: db.alice, emotion: emotion)
                    }
                    #expect(error?.code == .checkViolation, "\(role)")
                }
                let empty = await failure(PostgresError.self) { try await connection.say(nil, in: talk, of: db.alice) }
                #expect(empty?.code == .checkViolation)
                let nobody = await failure(PostgresError.self) {
                    try await connection.execute("INSERT INTO conversations (user_id) VALUES (\(db.alice.id))")
                }
                #expect(nobody?.code == .checkViolation)
                let foreign = await failure(PostgresError.self) {
                    try await connection.execute(
                        "INSERT INTO conversations (user_id, assistant_id) VALUES (\(db.alice.id), \(db.bob.assistant.id))")
                }
                #expect(foreign?.code == .foreignKeyViolation)
                let held = await failure(PostgresError.self) {
                    try await connection.execute("DELETE FROM assistants WHERE id = \(db.alice.assistant.id)")
                }
                #expect(held?.code == .foreignKeyViolation, "an assistant with conversations stays")
                try await connection.execute(
                    "UPDATE conversations SET assistant_id = NULL, persona_id = 'education-tutor' WHERE id = \(talk)")
                try await connection.execute("DELETE FROM assistants WHERE id = \(db.alice.assistant.id)")
                #expect(try await connection.summary(of: talk).count == 5)
            }
        }
    }
}
