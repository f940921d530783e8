import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

/// Which rows of a public assistant others see, whichever program writes them: all by plain SQL as `bunko_app`.
@Suite struct SharingTests {
    private func share(_ settings: String, isPublic: Bool = true, isActive: Bool = true, _ db: TestDatabase) async throws {
        try await db.asApp(db.alice) { connection in
            try await connection.execute(
                """
                UPDATE assistants SET is_public = \(isPublic), is_active = \(isActive), settings = \(RawJSON(settings))
                WHERE id = \(db.alice.assistant.id)
                """)
        }
    }

    private func seen(_ db: TestDatabase, by user: TestUser?) async throws -> [Int] {
        try await db.asApp(user) { connection in
            var counts: [Int] = []
            for table in ["knowledge_base", "files"] {
                let rows = try await connection.query("SELECT FROM \(identifier: table) WHERE user_id = \(db.alice.id)")
                counts.append(rows.count)
            }
            return counts
        }
    }

    @Test func `Rows are seen by others exactly while their assistant shares them`() async throws {
        try await withTestDatabase { db in
            try await db.put("a.md", for: db.alice)
            try await db.insertPassage("one", for: db.alice)
            let sharing = #"{"share_knowledge": true}"#
            for (settings, isPublic, isActive, expected) in [
                ("{}", true, true, [0, 0]), (sharing, true, true, [1, 1]), (sharing, false, true, [0, 0]), (sharing, true, true, [1, 1]),
                (sharing, true, false, [0, 0]), (#"{"share_knowledge": "true"}"#, true, true, [0, 0]),
                (#"{"share_knowledge": null}"#, true, true, [0, 0]), (sharing, true, true, [1, 1]),
            ] {
                try await share(settings, isPublic: isPublic, isActive: isActive, db)
                #expect(try await seen(db, by: db.bob) == expected, "\(settings) \(isPublic) \(isActive)")
                #expect(try await seen(db, by: nil) == [0, 0])
                #expect(try await seen(db, by: db.alice) == [1, 1])
            }
            try await db.insertPassage("two", for: db.alice)
            try await db.put("b.md", for: db.alice)
            #expect(try await seen(db, by: db.bob) == [2, 2], "what comes later is shared as well")
            let changed = try await db.asApp(db.bob) { connection in
                [
                    try await connection.execute("UPDATE knowledge_base SET tags = '{x}' WHERE user_id = \(db.alice.id)"),
                    try await connection.execute("DELETE FROM files WHERE user_id = \(db.alice.id)"),
                ]
            }
            #expect(changed == [0, 0])
        }
    }

    @Test func `Knowledge is taken back from rows that were on their way`() async throws {
        try await withTestDatabase { db in
            try await share(#"{"share_knowledge": true}"#, db)
            let waiting = try await db.asApp(db.alice) { connection in
                try await connection.executeScript("BEGIN")
                try await connection.execute(
                    """
                    INSERT INTO knowledge_base (user_id, secretary_id, content)
                    VALUES (\(db.alice.id), \(db.alice.assistant.id), 'on its way')
                    """)
                let waiting = Task { try await share("{}", db) }
                let waits = try await eventually {
                    try await db.administrate("SELECT FROM pg_locks WHERE NOT granted").count > 0
                }
                #expect(waits)
                try await connection.executeScript("COMMIT")
                return waiting
            }
            try await waiting.value
            #expect(try await seen(db, by: db.alice) == [1, 0])
            #expect(try await seen(db, by: db.bob) == [0, 0])
        }
    }

    @Test func `The persona of a public assistant is told, though its template is private, and no other's`() async throws {
        try await withTestDatabase { db in
            let assistant = db.alice.assistant.id
            func told(_ user: TestUser?) async throws -> [String] {
                try await db.asApp(user) { try await $0.query("SELECT name::text FROM public_persona(\(assistant))") }
                    .map { try $0.decode(String.self) }
            }
            try await db.asApp(db.alice) { connection in
                try await connection.execute(
                    """
                    WITH t AS (INSERT INTO personality_templates (user_id, name, system_prompt) VALUES (\(db.alice.id), 'Mine', 'x') RETURNING id)
                    UPDATE assistants SET personality_template_id = (SELECT id FROM t) WHERE id = \(assistant)
                    """)
            }
            #expect(try await told(db.bob) == [])
            try await share("{}", db)
            #expect(try await told(db.bob) == ["Mine"])
            #expect(try await told(nil) == [])
            let templates = try await db.asApp(db.bob) { connection in
                _ = try await connection.query("SELECT FROM public_persona(\(assistant))")
                return try await connection.query("SELECT FROM personality_templates WHERE user_id = \(db.alice.id)").count
            }
            #expect(templates == 0, "the function opens nothing for later statements")
        }
    }
}
