import Domain
import Retrieval
import Storage
import TestSupport
import Testing

@Suite struct KnowledgeMirrorTests {
    @Test func followsInsertsAndDeletesMadeByPlainSQL() async throws {
        try await withRetrieval { service in
            let ids = try await service.insert(["one passage", "another passage"], for: service.db.alice)
            #expect(try await eventually { service.mirror.statistics.rows == 2 })
            try await service.db.asApp(service.db.alice) { connection in
                try await connection.execute("DELETE FROM knowledge_base WHERE id = \(ids[0])")
            }
            #expect(try await eventually { service.mirror.statistics.rows == 1 })
        }
    }

    @Test func loadsWhatWasThereBefore() async throws {
        try await withTestDatabase { db in
            for number in 0..<5 { try await db.insertPassage("passage \(number)", embedding: .unit(number), for: db.bob) }
            try await withMirror(db) { #expect($0.statistics.rows == 5 && $0.origin == .database) }
        }
    }

    @Test func catchesUpAfterItsSessionsWereEnded() async throws {
        try await withRetrieval { service in
            _ = try await service.insert(["before"], for: service.db.alice)
            #expect(try await eventually { service.mirror.statistics.rows == 1 })
            try await service.db.administrate(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bunko_worker' AND datname = current_database()")
            _ = try await service.insert(["after"], for: service.db.alice)
            #expect(try await eventually { service.mirror.statistics.rows == 2 })
        }
    }

    @Test func goesOnAfterAReadThatFailed() async throws {
        try await withRetrieval { service in
            _ = try await service.insert(["before"], for: service.db.alice)
            #expect(try await eventually { service.mirror.statistics.rows == 1 })
            let before = try await service.db.rollbacks()
            try await service.db.administrate("ALTER TABLE knowledge_changes RENAME TO set_aside")
            #expect(try await eventually { try await service.db.rollbacks() > before })
            try await service.db.administrate("ALTER TABLE set_aside RENAME TO knowledge_changes")
            _ = try await service.insert(["after"], for: service.db.alice)
            #expect(try await eventually { service.mirror.statistics.rows == 2 })
        }
    }

    @Test func tellsWhenAWriteIsIncluded() async throws {
        try await withRetrieval { service in
            let instance = InstanceID()
            try await service.db.put("a.txt", for: service.db.alice)
            let claimed = try #require(try await service.db.claim(instance))
            let token = try #require(try await service.db.complete(claimed, of: instance, with: ["first", "second"]))
            #expect(await service.mirror.waitUntilIncluded(token, atMost: .seconds(30)))
            #expect(service.mirror.statistics.rows == 2)
            let never = WriteToken(transactionID: token.transactionID + 1_000_000)
            #expect(await !service.mirror.waitUntilIncluded(never, atMost: .milliseconds(50)))
        }
    }
}

extension TestDatabase {
    /// How many transactions the server has rolled back.
    fileprivate func rollbacks() async throws -> Int64 {
        let rows = try await administrate("SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()")
        return try rows.first?.decode(Int64.self) ?? 0
    }
}
