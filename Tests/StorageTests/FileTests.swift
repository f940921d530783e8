import Domain
import Storage
import TestSupport
import Testing

@Suite struct FileTests {
    @Test func `The same path is created, unchanged, replaced`() async throws {
        try await withTestDatabase { db in
            let (first, created) = try await db.put("dir/Notes.MD", "one", for: db.alice, tags: ["a"])
            #expect(created == .created)
            #expect(first.state == .pending)
            #expect(try await db.put("dir/Notes.MD", "one", for: db.alice, tags: ["a"]).outcome == .unchanged)
            let (second, replaced) = try await db.put("dir/Notes.MD", "two", for: db.alice, tags: ["a"])
            #expect(replaced == .replaced)
            #expect(second.id == first.id)
            #expect(second.sha256 != first.sha256)
            #expect(try await db.put("dir/Notes.MD", "two", for: db.alice, tags: ["b"]).outcome == .replaced)
            #expect(try await db.put("dir/Notes.MD", "one", for: db.bob).outcome == .created, "never compared across users")
        }
    }

    @Test func `Bytes that failed are tried again only when that is asked for`() async throws {
        try await withTestDatabase { db in
            let instance = InstanceID()
            let file = try await db.put("a.md", for: db.alice).file
            let claimed = try #require(try await db.claim(instance))
            try await db.database.write(db.system) {
                try await $0.failJob(claimed, of: instance, JobFailure(code: "bad", reason: "It is bad.", step: .extracting))
            }
            let failed = try await db.file(file.id, of: db.alice)
            #expect(failed.state == .failed)
            #expect(failed.failureCode == "bad")
            #expect(failed.failureReason == "It is bad.")
            #expect(try await db.put("a.md", for: db.alice).outcome == .unchanged)
            let (again, outcome) = try await db.put("a.md", for: db.alice, retryFailed: true)
            #expect(outcome == .replaced)
            #expect(again.state == .pending)
            #expect(again.failureReason == nil)
        }
    }

    @Test func `Pages of files follow each other, newest first, and filters narrow them`() async throws {
        try await withTestDatabase { db in
            for number in 0..<5 { try await db.put("\(number).md", for: db.alice) }
            try await db.put("bob.md", for: db.bob)
            let scope = db.alice.scope
            let all = try await db.database.read(scope) { try await $0.files(limit: 100) }
            #expect(all.map(\.name) == ["4.md", "3.md", "2.md", "1.md", "0.md"])
            let second = try await db.database.read(scope) { try await $0.files(limit: 2, after: all[1].id) }
            #expect(second.map(\.name) == ["2.md", "1.md"])
            _ = try await db.claim(InstanceID())
            let pending = try await db.database.read(scope) {
                try await $0.files(assistant: db.alice.assistant.id, state: .pending, limit: 100)
            }
            #expect(pending.map(\.name) == ["4.md", "3.md", "2.md", "1.md"])
            let foreign = try await db.database.read(scope) { try await $0.files(assistant: db.bob.assistant.id, limit: 100) }
            #expect(foreign.isEmpty)
        }
    }

    @Test func `A scope bound to other assistants finds none of the files`() async throws {
        try await withTestDatabase { db in
            let file = try await db.put("a.md", for: db.alice).file
            let bound = db.scope(of: db.alice, assistants: [AssistantID()])
            let found10 = try await db.database.read(bound) { try await $0.files(limit: 9) }
            #expect(found10.isEmpty)
            for scope in [bound, db.bob.scope] {
                let problem = await failure(Problem.self) { try await db.database.write(scope) { try await $0.deleteFile(file.id) } }
                #expect(problem?.code == "file_not_found")
            }
            #expect(try await db.file(file.id, of: db.alice).id == file.id)
        }
    }

    @Test func `Contents are counted by whatever refers to them`() async throws {
        try await withTestDatabase { db in
            let digest = ContentStore.digest(of: Array("same".utf8))
            func count() async throws -> Int? {
                try await db.administrate("SELECT reference_count FROM file_contents WHERE sha256 = \(digest.bytes)").first?.decode(
                    Int.self)
            }
            let first = try await db.put("a.md", "same", for: db.alice).file
            try await db.put("b.md", "same", for: db.alice)
            try await db.put("a.md", "same", for: db.bob)
            #expect(try await count() == 3)
            try await db.put("b.md", "other", for: db.alice)
            #expect(try await count() == 2)
            try await db.database.write(db.alice.scope) { try await $0.deleteFile(first.id) }
            #expect(try await count() == 1)
            try await db.database.write(db.bob.scope) { try await $0.deleteAssistant(db.bob.assistant.id) }
            #expect(try await count() == 0)
        }
    }

    @Test func `Contents are released an hour after the last reference, and not if it came back`() async throws {
        try await withTestDatabase { db in
            let names = ["gone", "back", "fresh"]
            for name in names {
                let file = try await db.put("\(name).md", name, for: db.alice).file
                try await db.database.write(db.alice.scope) { try await $0.deleteFile(file.id) }
            }
            try await db.put("back.md", "back", for: db.alice)
            try await db.administrate(
                """
                UPDATE file_contents SET released_at = now() - interval '2 hours'
                WHERE sha256 <> \(ContentStore.digest(of: Array("fresh".utf8)).bytes)
                """)
            let taken = try await db.database.write(db.system) { try await $0.takeReleasedContents(limit: 10) }
            #expect(taken == [ContentStore.digest(of: Array("gone".utf8))])
            #expect(try await db.administrate("SELECT FROM file_contents").count == 2)
        }
    }

    @Test func `A content that an upload takes up at the same moment is kept`() async throws {
        try await withTestDatabase { db in
            let file = try await db.put("a.md", "bytes", for: db.alice).file
            try await db.database.write(db.alice.scope) { try await $0.deleteFile(file.id) }
            try await db.administrate("UPDATE file_contents SET released_at = now() - interval '2 hours'")
            let cleaning = try await db.database.write(db.bob.scope) { transaction in
                let draft = FileDraft(name: "b.md", sourcePath: "b.md", byteCount: file.byteCount, sha256: file.sha256, tags: [])
                _ = try await transaction.putFile(draft, assistant: db.bob.assistant.id, retryFailed: false)
                let cleaning = Task { try await db.database.write(db.system) { try await $0.takeReleasedContents(limit: 10) } }
                let waits = try await eventually {
                    try await db.administrate("SELECT FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')").count > 0
                }
                #expect(waits)
                return cleaning
            }
            #expect(try await cleaning.value == [])
            #expect(try await db.administrate("SELECT FROM file_contents WHERE reference_count = 1").count == 1)
        }
    }
}
