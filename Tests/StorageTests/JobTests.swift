import Domain
import Foundation
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
                        while let file = try await db.claim(instance) { mine.append(file.file.id) }
                        return mine
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(taken.count == 30)
            #expect(Set(taken).count == 30)
        }
    }

    @Test func `Small new files of one assistant share a claim, all others are alone`() async throws {
        try await withTestDatabase { db in
            for (name, text) in [("a", "a"), ("b", "b"), ("large", String(repeating: "x", count: 100)), ("c", "c"), ("d", "d")] {
                try await db.put("\(name).md", text, for: db.alice)
            }
            try await db.put("other.md", for: db.bob)
            let first = InstanceID()
            #expect(try await db.claims(first, atMost: 3) == ["a.md", "b.md"], "the third is large")
            #expect(try await db.claims(first, atMost: 3) == ["large.md"], "a large one is alone")
            #expect(try await db.claims(first, atMost: 1) == ["c.md"])
            #expect(try await db.claims(first, atMost: 9) == ["d.md"], "the next is another user's")
            #expect(try await db.claims(first, atMost: 9) == ["other.md"])
            #expect(try await db.claims(first, atMost: 9) == [])
            _ = try await db.database.write(db.system) { try await $0.releaseAbandonedClaims(noticedBy: InstanceID()) }
            try await db.put("e.md", for: db.alice)
            for name in ["a", "b", "large", "c", "d"] {
                #expect(try await db.claims(InstanceID(), atMost: 9) == ["\(name).md"], "begun before, so alone")
            }
        }
    }

    @Test func `Of jobs that end together, one whose claim was lost stays as it is`() async throws {
        try await withTestDatabase { db in
            let instance = InstanceID()
            for name in ["a", "b", "c"] { try await db.put("\(name).md", for: db.alice) }
            let jobs = try await db.database.write(db.system) { try await $0.claimJobs(for: instance, atMost: 9, small: 9) }
            #expect(jobs.map(\.file.name) == ["a.md", "b.md", "c.md"])
            _ = try await db.database.write(db.alice.scope) { try await $0.cancelJob(jobs[1].id) }
            let completed = try await db.database.write(db.system.acting(for: db.alice.id)) { transaction in
                for job in jobs {
                    let passages = [KnowledgeDraft].passages(["1 of \(job.file.name)", "2"])
                    try await transaction.stage(passages.map { (job.file.id, $0) })
                }
                return try await transaction.completeJobs(jobs.map { ($0, .passages(2)) }, of: instance)
            }
            #expect(completed?.done == [jobs[0].id, jobs[2].id])
            let contents = try await db.texts("SELECT content FROM knowledge_base ORDER BY id")
            #expect(contents.sorted() == ["1 of a.md", "1 of c.md", "2", "2"])
            for (job, state) in zip(jobs, [ProcessingState.done, .failed, .done]) {
                #expect(try await db.file(job.file.id, of: db.alice).state == state)
            }
        }
    }

    @Test func `Claims of an instance that is gone go back, those of one that lives do not`() async throws {
        try await withTestDatabase { db in
            let instance = InstanceID()
            try await db.put("a.md", for: db.alice)
            let file = try await db.database.holdingInstanceLock(instance, db.system) {
                let file = try #require(try await db.claim(instance))
                for noticing in [InstanceID(), instance] {
                    let released = try await db.database.write(db.system) { try await $0.releaseAbandonedClaims(noticedBy: noticing) }
                    #expect(released == 0)
                }
                return file
            }
            let mine = try await db.database.write(db.system) { try await $0.releaseAbandonedClaims(noticedBy: instance) }
            #expect(mine == 0)
            let released = try await db.database.write(db.system) { try await $0.releaseAbandonedClaims(noticedBy: InstanceID()) }
            #expect(released == 1)
            #expect(try await db.file(file.file.id, of: db.alice).state == .pending)
        }
    }

    @Test func `A file that took three instances down with it is failed`() async throws {
        try await withTestDatabase { db in
            let file = try await db.put("a.md", for: db.alice).file
            for attempt in 1...3 {
                #expect(try await db.claim(InstanceID())?.file.id == file.id, "attempt \(attempt)")
                _ = try await db.database.write(db.system) { try await $0.releaseAbandonedClaims(noticedBy: InstanceID()) }
            }
            let failed = try await db.file(file.id, of: db.alice)
            #expect(failed.state == .failed)
            #expect(failed.failureCode == "processing_interrupted")
            #expect(failed.failureReason?.contains("--retry-failed") == true)
        }
    }

    @Test func `Attempts that a provider ended are no reason to suspect the file`() async throws {
        try await withTestDatabase { db in
            let file = try await db.put("a.md", for: db.alice).file
            for _ in 1...4 {
                let instance = InstanceID()
                let claimed = try #require(try await db.claim(instance))
                try await db.database.write(db.system) { try await $0.releaseJob(claimed, of: instance, pause: .zero) }
            }
            for deaths in 0...1 {
                let claimed = try #require(try await db.claim(InstanceID()))
                #expect((claimed.attempts, claimed.interruptions) == (5 + deaths, deaths))
                _ = try await db.database.write(db.system) { try await $0.releaseAbandonedClaims(noticedBy: InstanceID()) }
                #expect(try await db.file(file.id, of: db.alice).state == .pending)
            }
            let instance = InstanceID()
            let claimed = try #require(try await db.claim(instance))
            try await db.database.write(db.system) {
                try await $0.releaseJob(claimed, of: instance, pause: .zero, isInterrupted: true)
            }
            #expect(try await db.claim(instance)?.interruptions == 3)
        }
    }

    @Test func `A server that was started again meanwhile counts no attempt`() async throws {
        try await withTestDatabase { db in
            let file = try await db.put("a.md", for: db.alice).file
            for _ in 1...4 {
                #expect(try await db.claim(InstanceID())?.file.id == file.id)
                // A claim from before the server's start, as far as the row can tell.
                try await db.administrate("ALTER TABLE jobs DISABLE TRIGGER jobs_touch")
                try await db.administrate("UPDATE jobs SET updated_at = pg_postmaster_start_time() - interval '1 second'")
                try await db.administrate("ALTER TABLE jobs ENABLE TRIGGER jobs_touch")
                _ = try await db.database.write(db.system) { try await $0.releaseAbandonedClaims(noticedBy: InstanceID()) }
                #expect(try await db.file(file.id, of: db.alice).state == .pending)
            }
            let claimed = try await db.claim(InstanceID())
            #expect(claimed?.attempts == 1 && claimed?.interruptions == 0)
        }
    }

    @Test func `A claim given back counts no attempt`() async throws {
        try await withTestDatabase { db in
            let file = try await db.put("a.md", for: db.alice).file
            for _ in 1...5 {
                let instance = InstanceID()
                let claimed = try #require(try await db.claim(instance))
                try await db.database.write(db.system) { try await $0.releaseJob(claimed, of: InstanceID()) }
                #expect(try await db.file(file.id, of: db.alice).state == .processing, "only its holder gives it back")
                try await db.database.write(db.system) { try await $0.releaseJob(claimed, of: instance) }
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
            try await db.database.write(db.system) {
                try await $0.failJob(newer, of: instance, JobFailure(code: "late", reason: "late", step: .storing))
            }
            #expect(try await db.file(newer.file.id, of: db.alice).state == .done)
        }
    }

    @Test func `What is attached to an archived conversation waits for its return, and never becomes the assistant's`() async throws {
        try await withTestDatabase { db in
            let instance = InstanceID()
            let talk = try await db.oldTalk(db.alice, daysAgo: [1])
            let file = try #require(try await db.claim(instance))
            _ = try await db.database.write(db.alice.scope) { try await $0.archiveConversations([talk]) }
            #expect(try await db.complete(file, of: instance, with: ["private"]) == nil)
            #expect(try await db.administrate("SELECT FROM knowledge_base").isEmpty)
            try await db.database.write(db.system) { try await $0.releaseJob(file, of: instance) }
            #expect(try await db.file(file.file.id, of: db.alice).state == .pending)
            #expect(try await db.claim(instance) == nil)
            _ = try await db.database.write(db.alice.scope) { try await $0.restoreConversations([talk]) }
            let again = try #require(try await db.claim(instance))
            #expect(again.file.id == file.file.id)
            #expect(try await db.complete(again, of: instance, with: ["private"]) != nil)
            #expect(try await db.texts("SELECT conversation_id FROM knowledge_base") == [talk.uuidString.lowercased()])
        }
    }

    @Test func `Passages are stored after their assistant has been shared, where that began earlier`() async throws {
        try await withTestDatabase { db in
            let instance = InstanceID()
            try await db.put("a.md", for: db.alice)
            let file = try #require(try await db.claim(instance))
            let storing = try await db.asApp(db.alice) { connection in
                try await connection.executeScript("BEGIN")
                try await connection.execute("UPDATE assistants SET description = 'x' WHERE id = \(db.alice.assistant.id)")
                let storing = try await waiting(db) { try await db.complete(file, of: instance, with: ["text"]) }
                try await connection.execute(
                    """
                    UPDATE assistants SET is_public = true, settings = '{"share_knowledge": true}' WHERE id = \(db.alice.assistant.id)
                    """)
                try await connection.executeScript("COMMIT")
                return storing
            }
            #expect(try await storing.value != nil)
            #expect(try await db.texts("SELECT is_shared FROM knowledge_base UNION ALL SELECT is_shared FROM files") == ["true", "true"])
        }
    }

    @Test func `Passages are not stored after their conversation has been archived, where that began earlier`() async throws {
        try await withTestDatabase { db in
            let instance = InstanceID()
            let talk = try await db.oldTalk(db.alice, daysAgo: [1])
            let file = try #require(try await db.claim(instance))
            let storing = try await db.asApp(db.alice) { connection in
                try await connection.executeScript("BEGIN")
                try await connection.execute("SELECT FROM conversations WHERE id = \(talk) FOR UPDATE")
                let storing = try await waiting(db) { try await db.complete(file, of: instance, with: ["private"]) }
                try await connection.execute("SELECT archive_conversations(ARRAY[\(talk)]::uuid[])")
                try await connection.executeScript("COMMIT")
                return storing
            }
            #expect(try await storing.value == nil)
            #expect(try await db.administrate("SELECT FROM knowledge_base").isEmpty)
        }
    }

    /// Begins something that waits for another transaction's lock.
    private func waiting<R: Sendable>(
        _ db: TestDatabase, _ work: @escaping @Sendable () async throws -> R
    ) async throws -> Task<R, any Error> {
        let task = Task { try await work() }
        let waits = try await eventually {
            try await !db.administrate(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).isEmpty
        }
        #expect(waits)
        return task
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
            #expect(try await db.file(second.file.id, of: db.alice).state == .processing)
            #expect(try await db.complete(second, of: instance, with: ["x", "y"]) != nil)
            #expect(try await contents() == ["x", "y"])
            let done = try await db.file(second.file.id, of: db.alice)
            #expect(done.state == .done)
            #expect(done.chunkCount == 2)
            #expect(done.mediaType == "text/plain")
        }
    }
}
