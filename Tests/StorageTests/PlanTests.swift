import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

/// What the frequent statements read at the server, on tables with many rows: as they are right after an import, when the server knows
/// nothing of them yet, and with fresh statistics.
@Suite struct PlanTests {
    @Test(arguments: [false, true]) func `Passages are read one by one, however many the assistant has`(analyzed: Bool) async throws {
        try await withTestDatabase { db in
            let ids = try await load(db, files: 2_000, passagesEach: 2)
            if analyzed { try await db.administrate("ANALYZE") }
            let assistant = db.alice.assistant.id
            for shared in [false, true] {
                // More than five times, after which PostgreSQL may plan without looking at the parameters.
                let plans = try await db.plans(as: db.alice) { transaction in
                    for _ in 0..<8 {
                        let found = try await transaction.passages(ids, KnowledgeSource(assistant: assistant, isShared: shared))
                        #expect(found.count == ids.count && found.allSatisfy { $0.fileName != nil })
                    }
                }
                #expect(plans.count { $0.statement.contains("unnest") } == 8)
                try expectFewRows(plans, of: "knowledge_base", most: ids.count)
                // Which of the owner's indexes finds a file fastest is only known from statistics.
                if analyzed { try expectFewRows(plans, of: "files", most: ids.count) }
            }
        }
    }

    private func expectFewRows(_ plans: [QueryPlan], of table: String, most: Int) throws {
        let scans = plans.flatMap(\.scans).filter { $0.table == table }
        #expect(!scans.isEmpty)
        for scan in scans { #expect(scan.rowsRead <= most && scan.index != nil, "\(scan)") }
    }

    /// Fills Alice's assistant; returns the ids of a dozen passages.
    private func load(_ db: TestDatabase, files: Int, passagesEach: Int) async throws -> [ChunkID] {
        let (user, assistant) = (db.alice.id, db.alice.assistant.id)
        try await db.administrate(
            """
            WITH f AS (
                INSERT INTO files (user_id, assistant_id, file_name, source_path, file_size, sha256, storage_path)
                SELECT \(user), \(assistant), 'f' || i || '.md', 'f' || i || '.md', 1, sha256(i::text::bytea), 'x'
                FROM generate_series(1, \(Int32(files))) AS i RETURNING id
            )
            INSERT INTO knowledge_base (user_id, secretary_id, file_id, ordinal, content)
            SELECT \(user), \(assistant), f.id, o, 'passage ' || o FROM f, generate_series(1, \(Int32(passagesEach))) AS o
            """)
        return try await db.administrate("SELECT id FROM knowledge_base ORDER BY content_sha256, id LIMIT 12").map {
            try $0.decode(ChunkID.self)
        }
    }
}
