import Domain
import Postgres
import Storage
import TestSupport
import Testing

/// A second generation of vectors: filled, switched to, gone back from and dropped.
@Suite struct GenerationTests {
    /// A database of the model "one" with so many passages of each user.
    private func prepare(_ db: TestDatabase, rows: Int = 3) async throws {
        _ = try await db.database.write(db.system) { try await $0.settleEmbeddingModel("one") }
        for user in [db.alice, db.bob] {
            for number in 0..<rows { try await db.insertPassage("passage \(number)", embedding: .unit(number), for: user) }
        }
    }

    /// Fills what is missing with vectors of the axis 100.
    @discardableResult
    private func fill(_ db: TestDatabase, _ model: String = "two", atMost limit: Int = 1_000) async throws -> Int {
        try await db.database.write(db.system) { try await $0.beginGeneration(model) }
        let missing = try await db.database.read(db.system) { try await $0.unfilledPassages(after: nil, limit: limit) }
        var filled = 0
        for (user, rows) in Dictionary(grouping: missing, by: \.userID) {
            filled += try await db.database.write(db.system.acting(for: user)) {
                try await $0.fillGeneration(model, rows.map { ($0, .unit(100)) })
            }
        }
        return filled
    }

    private func generations(_ db: TestDatabase) async throws -> EmbeddingGenerations {
        try await db.database.read(db.system) { try await $0.embeddingGenerations() }
    }

    private func switchTo(_ role: EmbeddingGeneration.Role, _ db: TestDatabase) async throws -> String {
        try await db.database.write(db.system) { try await $0.switchGenerations(to: role).live }
    }

    /// Model and axis of every row's vector, live and shadow.
    private func vectors(_ db: TestDatabase) async throws -> Set<String> {
        Set(
            try await db.texts(
                """
                SELECT concat_ws(' ', embedding_model, embedding = (SELECT array_agg((n = 101)::int ORDER BY n) FROM generate_series(1, 1536) n)::vector,
                    coalesce(embedding_shadow_model, '-'))
                FROM knowledge_base
                """))
    }

    @Test func `A generation is filled, switched to, gone back from and dropped`() async throws {
        try await withTestDatabase { db in
            try await prepare(db)
            let work = try await db.database.read(db.system) { try await $0.generationWork() }
            #expect(work.rows == 6 && work.tokens == 6 * 2)
            let first = try await fill(db, atMost: 2)
            #expect(first == 2)
            let half = try await generations(db)
            #expect(half.live?.model == "one" && half.live?.role == .live && half.live?.rows == 6)
            #expect(half.shadow?.model == "two" && half.shadow?.role == .next && half.shadow?.rows == 2 && half.shadow?.missing == 4)
            let early = await failure(Problem.self) { _ = try await switchTo(.next, db) }
            #expect(early?.code == "generation_incomplete" && early?.detail.contains("4 rows") == true)
            try await fill(db)
            let before = try await vectors(db)
            #expect(before == ["one f two"])
            let back = await failure(Problem.self) { _ = try await switchTo(.former, db) }
            #expect(back?.code == "no_such_generation")
            let live = try await switchTo(.next, db)
            let after = try await vectors(db)
            #expect(live == "two" && after == ["two t one"])
            let former = try await generations(db)
            #expect(former.live?.model == "two" && former.shadow?.model == "one" && former.shadow?.role == .former)
            let again = try await switchTo(.former, db)
            let restored = try await vectors(db)
            #expect(again == "one" && restored == before)
            try await db.database.write(db.system) { try await $0.beginDrop() }
            let refused = await failure(Problem.self) { try await fill(db, "three") }
            #expect(refused?.code == "generation_exists")
            let dropping = await failure(Problem.self) { try await fill(db, "two") }
            #expect(dropping?.code == "generation_exists", "nothing is added to what is on its way out")
            let early2 = try await db.database.write(db.system) { try await $0.endDrop() }
            #expect(!early2)
            let filled = try await db.database.read(db.system) { try await $0.filledPassages(after: nil, limit: 100) }
            #expect(filled.count == 6)
            for (user, places) in Dictionary(grouping: filled, by: \.userID) {
                _ = try await db.database.write(db.system.acting(for: user)) { try await $0.emptyGeneration(places.map(\.id)) }
            }
            let gone = try await db.database.write(db.system) { try await $0.endDrop() }
            let left = try await generations(db)
            let rows = try await vectors(db)
            #expect(gone && left.shadow == nil && rows == ["one f -"])
        }
    }

    @Test func `What comes, changes and goes meanwhile is missing until it is filled`() async throws {
        try await withTestDatabase { db in
            try await prepare(db)
            try await fill(db)
            try await db.insertPassage("late", for: db.alice)
            try await db.asApp(db.alice) { connection in
                try await connection.execute("UPDATE knowledge_base SET content = 'other' WHERE content = 'passage 0'")
                try await connection.execute("UPDATE knowledge_base SET tags = '{t}' WHERE content = 'passage 1'")
                try await connection.execute("DELETE FROM knowledge_base WHERE content = 'passage 2'")
            }
            let shadow = try await generations(db).shadow
            #expect(shadow?.missing == 2 && shadow?.rows == 4, "the late one and the changed one")
            // Read before another change, written after it: left alone.
            let stale = try await db.database.read(db.system) { try await $0.unfilledPassages(after: nil, limit: 10) }
            try await db.asApp(db.alice) { _ = try await $0.execute("UPDATE knowledge_base SET content = 'third' WHERE content = 'other'") }
            let filled = try await db.database.write(db.system.acting(for: db.alice.id)) {
                try await $0.fillGeneration("two", stale.map { ($0, .unit(100)) })
            }
            let rest = try await db.database.read(db.system) { try await $0.unfilledPassages(after: nil, limit: 10) }
            #expect(filled == 1 && rest.map(\.content) == ["third"])
            try await fill(db)
            _ = try await switchTo(.next, db)
            try await db.insertPassage("after", for: db.bob)
            let refused = await failure(Problem.self) { _ = try await switchTo(.former, db) }
            #expect(refused?.detail.contains("1 row has no vector of one") == true)
            try await fill(db, "one")
            let live = try await switchTo(.former, db)
            #expect(live == "one")
        }
    }

    @Test func `Filling is no change that a reader sees; a switch is one that an index follows`() async throws {
        try await withTestDatabase { db in
            try await prepare(db)
            let changes: SQL = "SELECT count(*)::text || ' ' || count(*) FILTER (WHERE row_id IS NULL) FROM knowledge_changes"
            let times: SQL = "SELECT DISTINCT (updated_at = created_at)::text FROM knowledge_base"
            let before = try await db.texts(changes)
            try await fill(db)
            let after = try await db.texts(changes)
            let touched = try await db.texts(times)
            #expect(after == before && touched == ["true"])
            let schema = try await schemaDump(db.logins.owner)
            _ = try await switchTo(.next, db)
            let marked = try await db.texts(changes)
            #expect(marked == ["7 1"], "six rows that came, and that all are others now")
            let swapped = try await schemaDump(db.logins.owner)
            #expect(swapped == schema, "nothing hangs on a column that was renamed")
        }
    }

    @Test func `A row tells its model, and no generation takes another's vector`() async throws {
        try await withTestDatabase { db in
            try await prepare(db, rows: 1)
            let models = try await db.texts("SELECT DISTINCT embedding_model FROM knowledge_base")
            #expect(models == ["one"])
            try await db.database.write(db.system) { try await $0.beginGeneration("two") }
            let rows = try await db.database.read(db.system) { try await $0.unfilledPassages(after: nil, limit: 10) }
            let wrong = await failure(Problem.self) {
                _ = try await db.database.write(db.system.acting(for: rows[0].userID)) {
                    try await $0.fillGeneration("three", [(rows[0], .unit(1))])
                }
            }
            #expect(wrong?.code == "embedding_model_changed")
            let users = await failure(Problem.self) { _ = try await db.database.write(db.alice.scope) { try await $0.beginDrop() } }
            #expect(users?.kind == .forbidden, "users have no say")
            let swap = await failure(PostgresError.self) {
                try await db.asApp(db.alice) { _ = try await $0.query("SELECT swap_embedding_generations('one', 'two', 'former')") }
            }
            #expect(swap?.code == .insufficientPrivilege)
            try await fill(db)
            let seen = try await db.asApp(db.bob) { connection in
                try await connection.query("SELECT user_id FROM knowledge_base WHERE embedding_shadow IS NOT NULL").map {
                    try $0.decode(UserID.self)
                }
            }
            #expect(seen == [db.bob.id], "a shadow vector is seen as its row is")
        }
    }

    @Test func `A switch waits for writers and lets none of the former model in`() async throws {
        try await withTestDatabase { db in
            try await prepare(db)
            try await fill(db)
            try await withConnection(db.logins.app) { connection in
                try await connection.executeScript("SET app.user_id = '\(db.alice.id)'; BEGIN")
                try await connection.execute(
                    """
                    INSERT INTO knowledge_base (user_id, secretary_id, content, embedding, embedding_model)
                    VALUES (\(db.alice.id), \(db.alice.assistant.id), 'open', \(PostgresVector(.unit(0))), 'one')
                    """)
                let switching = Task { await failure(Problem.self) { _ = try await switchTo(.next, db) } }
                try await Task.sleep(for: .milliseconds(300))
                try await connection.executeScript("COMMIT")
                let refused = await switching.value
                #expect(refused?.code == "generation_incomplete")
            }
            try await fill(db)
            _ = try await switchTo(.next, db)
            let late = await failure(PostgresError.self) {
                try await db.asApp(db.alice) { connection in
                    _ = try await connection.execute(
                        """
                        INSERT INTO knowledge_base (user_id, secretary_id, content, embedding, embedding_model)
                        VALUES (\(db.alice.id), \(db.alice.assistant.id), 'late', \(PostgresVector(.unit(0))), 'one')
                        """)
                }
            }
            #expect(late?.constraint == "knowledge_base_one_model")
        }
    }
}
