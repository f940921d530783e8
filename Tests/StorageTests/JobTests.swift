import Domain
import Postgres
import Storage
import TestSupport
import Testing

@Suite struct JobTests {
    @Test func `Two instances never take the same file`() async throws {
        try await withTestDatabase { db in
            for number in 0..<30 { try await db.put("\(number).md", for: db.alice) }
            let taken = try await withThrowingTaskGroup(of: [FileID].self) { group in
                for instance in [InstanceID(), InstanceID(), InstanceID()] {
                    group.addTask {
                        var mine: [FileID] = []
                        while let file = try await db.claim(instance) { mine.append(file.id) }
                        return mine
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(taken.count == 30)
            #expect(Set(taken).count == 30)
        }
    }

    @Test func `Claims of an instance that is gone go back, those of one that lives do not`() async throws {
        try await withTestDatabase { db in
            let instance = InstanceID()
            try await db.put("a.md", for: db.alice)
            let file = try await db.database.holdingInstanceLock(instance, db.system) {
                let file = try #require(try await db.claim(instance))
                let released = try await db.database.write(db.system) { try await $0.releaseAbandonedClaims() }
                #expect(released == 0)
                return file
            }
            let released = try await db.database.write(db.system) { try await $0.releaseAbandonedClaims() }
            #expect(released == 1)
            #expect(try await db.file(file.id, of: db.alice).state == .pending)
        }
    }

    @Test func `A file that took three instances down with it is failed`() async throws {
        try await withTestDatabase { db in
            let file = try await db.put("a.md", for: db.alice).file
            for attempt in 1...3 {
                #expect(try await db.claim(InstanceID())?.id == file.id, "attempt \(attempt)")
                _ = try await db.database.write(db.system) { try await $0.releaseAbandonedClaims() }
            }
            let failed = try await db.file(file.id, of: db.alice)
            #expect(failed.state == .failed)
            #expect(failed.failureCode == "processing_interrupted")
            #expect(failed.failureReason?.contains("--retry-failed") == true)
        }
    }

    @Test func `A claim given back counts no attempt`() async throws {
        try await withTestDatabase { db in
            let file = try await db.put("a.md", for: db.alice).file
            for _ in 1...5 {
                let instance = InstanceID()
                let claimed = try #require(try await db.claim(instance))
                try await db.database.write(db.system) { try await $0.releaseClaim(claimed, of: InstanceID()) }
                #expect(try await db.file(file.id, of: db.alice).state == .processing, "only its holder gives it back")
                try await db.database.write(db.system) { try await $0.releaseClaim(claimed, of: instance) }
            }
            #expect(try await db.file(file.id, of: db.alice).state == .pending)
        }
    }

    @Test func `What a lost claim yields is not stored`() async throws {
        try await withTestDatabase { db in
            let instance = InstanceID()
            try await db.put("a.md", "one", for: db.alice)
            let file = try #require(try await db.claim(instance))
            #expect(try await db.complete(file, of: InstanceID(), with: ["stranger's"]) == nil)
            try await db.put("a.md", "two", for: db.alice)
            #expect(try await db.complete(file, of: instance, with: ["old"]) == nil)
            let newer = try #require(try await db.claim(instance))
            #expect(try await db.complete(file, of: instance, with: ["old"]) == nil, "the same instance, but other bytes")
            #expect(try await db.administrate("SELECT FROM knowledge_base").isEmpty)
            #expect(try await db.complete(newer, of: instance, with: ["new"]) != nil)
            try await db.database.write(db.system) { try await $0.failFile(newer, of: instance, code: "late", reason: "late") }
            #expect(try await db.file(newer.id, of: db.alice).state == .done)
        }
    }

    @Test func `Passages are replaced all or not at all`() async throws {
        try await withTestDatabase { db in
            let instance = InstanceID()
            func contents() async throws -> [String] {
                try await db.administrate("SELECT content FROM knowledge_base ORDER BY ordinal").map { try $0.decode(String.self) }
            }
            try await db.put("a.md", "one", for: db.alice)
            let first = try #require(try await db.claim(instance))
            #expect(try await db.complete(first, of: instance, with: ["a", "b", "c"]) != nil)
            try await db.put("a.md", "two", for: db.alice)
            let second = try #require(try await db.claim(instance))
            #expect(try await contents() == ["a", "b", "c"], "the old ones stay until the new ones are there")
            let problem = await failure(Problem.self) { _ = try await db.complete(second, of: instance, with: ["x", ""]) }
            #expect((problem?.underlying as? PostgresError)?.code == .checkViolation)
            #expect(try await contents() == ["a", "b", "c"])
            #expect(try await db.file(second.id, of: db.alice).state == .processing)
            #expect(try await db.complete(second, of: instance, with: ["x", "y"]) != nil)
            #expect(try await contents() == ["x", "y"])
            let done = try await db.file(second.id, of: db.alice)
            #expect(done.state == .done)
            #expect(done.chunkCount == 2)
            #expect(done.mediaType == "text/plain")
        }
    }
}
