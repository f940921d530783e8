import Domain
import Postgres
import Storage
import TestSupport
import Testing

/// All vectors of a database come from one model.
@Suite struct EmbeddingModelTests {
    private func insert(_ model: String?, _ db: TestDatabase) async throws {
        try await db.asApp(db.alice) { connection in
            try await connection.execute(
                """
                INSERT INTO knowledge_base (user_id, secretary_id, content, embedding, embedding_model)
                VALUES (\(db.alice.id), \(db.alice.assistant.id), 'text', \(PostgresVector(.unit(0))), \(model))
                """)
        }
    }

    @Test func `The first model that is settled stays`() async throws {
        try await withTestDatabase { db in
            let before = try await db.database.read(db.system) { try await $0.embeddingModel() }
            #expect(before == nil)
            for wanted in ["one", "two"] {
                let settled = try await db.database.write(db.system) { try await $0.settleEmbeddingModel(wanted) }
                #expect(settled == "one")
            }
            let problem = await failure(Problem.self) {
                try await db.database.write(db.alice.scope) { _ = try await $0.settleEmbeddingModel("mine") }
            }
            #expect(problem?.kind == .forbidden, "users have no say")
        }
    }

    @Test func `A vector of another model is refused, whoever writes it`() async throws {
        try await withTestDatabase { db in
            try await insert("before", db)
            _ = try await db.database.write(db.system) { try await $0.settleEmbeddingModel("one") }
            try await insert("one", db)
            try await insert(nil, db)
            let error = await failure(PostgresError.self) { try await insert("two", db) }
            #expect(error?.constraint == "knowledge_base_one_model")
            let changed = await failure(PostgresError.self) {
                try await db.asApp(db.alice) { _ = try await $0.execute("UPDATE knowledge_base SET embedding_model = 'two'") }
            }
            #expect(changed?.constraint == "knowledge_base_one_model")
            let count = try await db.administrate("SELECT count(*) AS count FROM knowledge_base").first?.decode("count", as: Int64.self)
            #expect(count == 3)
        }
    }

    @Test func `A database that has vectors already stays with their model`() async throws {
        let owner = try await TestDatabase.makeEmpty()
        let engine = MigrationEngine(configuration: owner, migrations: Migration.all, logger: .silent)
        try await engine.up(to: 25)
        try await withConnection(owner) { connection in
            try await connection.execute("ALTER TABLE knowledge_base NO FORCE ROW LEVEL SECURITY")
            try await connection.execute(
                """
                INSERT INTO knowledge_base (user_id, content, embedding, embedding_model)
                VALUES ('00000000-0000-0000-0000-000000000001', 'text', \(PostgresVector(.unit(0))), 'former')
                """)
            try await connection.execute("ALTER TABLE knowledge_base FORCE ROW LEVEL SECURITY")
        }
        try await engine.up()
        let model = try await withConnection(owner) { connection in
            try await connection.query("SELECT value #>> '{}' AS value FROM system_settings WHERE key = 'embedding_model'").first?
                .decode("value", as: String.self)
        }
        #expect(model == "former")
    }
}
