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
            let mirror = KnowledgeMirror(database: db.database, scope: db.system, logger: .silent)
            let running = Task { try await mirror.run() }
            defer { running.cancel() }
            #expect(try await eventually { mirror.phase == .following && mirror.statistics.rows == 5 })
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
