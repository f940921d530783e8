import Domain
import Extraction
import Foundation
@testable import Ingestion
import Storage
import TestSupport
import Testing

@Suite struct IngestionTests {
    private static let handbook = """
        # 휴가 규정

        연차는 입사 첫해에 11일입니다. 남은 연차는 다음 해 3월까지 쓸 수 있습니다.

        ## Travel 🧳

        Trains are booked in second class. A hotel may cost 140 € a night, in Paris 190 €.

        ## 経費

        領収書は三十日以内に提出してください。
        """

    @Test func `An upload becomes passages that are cut out of its text`() async throws {
        try await withService { service in
            let long =
                Self.handbook + "\n\n" + (1...200).map { "Paragraph \($0) tells of the matter number \($0)." }.joined(separator: "\n\n")
            let (file, outcome) = try await service.upload("handbook.md", long)
            #expect(outcome == .created)
            let done = try await service.finished(file.id)
            #expect(done.state == .done, "\(done.failureReason ?? "")")
            let passages = try await service.passages()
            #expect(passages.count > 1)
            #expect(done.chunkCount == passages.count)
            #expect(done.mediaType == "text/markdown")
            let text = Array(try TextExtractor().extract(Array(long.utf8), fileName: "handbook.md").text.unicodeScalars)
            for passage in passages {
                var slice = String.UnicodeScalarView()
                slice.append(contentsOf: text[passage.start..<passage.end])
                #expect(passage.content == String(slice))
            }
        }
    }

    @Test func `The same bytes are unchanged, other bytes replace the passages`() async throws {
        try await withService { service in
            let file = try await service.upload("a.txt", "The first version.").file
            #expect(try await service.finished(file.id).state == .done)
            #expect(try await service.upload("a.txt", "The first version.").outcome == .unchanged)
            let (again, outcome) = try await service.upload("a.txt", "The second version.")
            #expect(outcome == .replaced)
            #expect(again.id == file.id)
            #expect(try await service.finished(file.id).state == .done)
            #expect(try await service.passages().map(\.content) == ["The second version."])
        }
    }

    private static let program: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    private static let broken: [UInt8] = [0xFF, 0xFE, 0x61, 0, 0x00, 0xD8, 0x62, 0]
    private static let picture: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]

    @Test(arguments: [("program.txt", program), ("broken.txt", broken), ("picture.md", picture)] as [(String, [UInt8])])
    func `A file that holds no text fails with its reason`(name: String, bytes: [UInt8]) async throws {
        try await withService { service in
            let file = try await service.upload(name, bytes).file
            let failed = try await service.finished(file.id)
            #expect(failed.state == .failed)
            #expect(failed.failureCode?.isEmpty == false)
            #expect((failed.failureReason?.count ?? 0) > 20)
            #expect(try await service.passages().isEmpty)
            #expect(try await service.upload(name, bytes).outcome == .unchanged)
            #expect(try await service.upload(name, bytes, retryFailed: true).outcome == .replaced)
            #expect(try await service.finished(file.id).state == .failed)
        }
    }

    @Test func `A file without bytes is taken in, and its import says why it has no passages`() async throws {
        try await withService { service in
            let (file, outcome) = try await service.upload("empty.txt", [])
            #expect(outcome == .created && file.byteCount == 0)
            let failed = try await service.finished(file.id)
            #expect(failed.state == .failed && failed.failureCode == "no_text")
            #expect(failed.failureReason?.contains("empty") == true)
            #expect(try await service.upload("empty.txt", []).outcome == .unchanged)
        }
    }

    @Test func `What cannot be taken in is refused and nothing is stored`() async throws {
        try await withService(working: false) { service in
            try await service.db.administrate("UPDATE system_settings SET value = '10' WHERE key = 'max_file_size'")
            let refused: [(String, [UInt8], String)] = [
                ("big.txt", Array("12345678901".utf8), "file_too_large"),
                ("", [65], "invalid_file"), (String(repeating: "x", count: 256), [65], "invalid_file"), ("a\0b", [65], "invalid_file"),
            ]
            for (name, bytes, code) in refused {
                let problem = await failure(Problem.self) { _ = try await service.upload(name, bytes) }
                #expect(problem?.code == code, "\(name)")
            }
            #expect(try await service.upload("fits.txt", "1234567890").outcome == .created)
            #expect(try await service.db.administrate("SELECT FROM files").count == 1)
            let weak = service.db.scope(of: service.db.alice, permissions: [.read])
            let problem = await failure(Problem.self) {
                _ = try await service.intake.accept(Upload(name: "a", bytes: [65]), into: service.db.alice.assistant.id, scope: weak)
            }
            #expect(problem?.code == "permission_missing")
        }
    }

    @Test func `Nobody uploads into another's assistant`() async throws {
        try await withService(working: false) { service in
            for stranger in [service.db.alice.assistant.id, AssistantID()] {
                let refusal = await failure(Problem.self) {
                    _ = try await service.intake.accept(Upload(name: "a.txt", bytes: [65]), into: stranger, scope: service.db.bob.scope)
                }
                #expect(refusal?.kind == .notFound && refusal?.code == "assistant_not_found", "\(String(describing: refusal))")
            }
            let stored = try await service.db.administrate("SELECT FROM files")
            #expect(stored.isEmpty)
        }
    }

    @Test func `Stored bytes that are lost or damaged fail their file alone, until it is uploaded again`() async throws {
        try await withService(working: false) { service in
            let lost = try await service.upload("lost.txt", "The first text.").file
            let damaged = try await service.upload("damaged.txt", "The second text.").file
            let whole = try await service.upload("whole.txt", "The third text.").file
            #expect(try await service.contents.remove(lost.sha256))
            try Data("Other bytes.".utf8).write(to: URL(filePath: "\(service.folder)/\(ContentStore.path(of: damaged.sha256))"))
            let worker = Task { try await service.worker().run() }
            #expect(try await service.finished(whole.id).state == .done)
            for (file, text, code) in [(lost, "The first text.", "content_missing"), (damaged, "The second text.", "content_damaged")] {
                let failed = try await service.finished(file.id)
                #expect(failed.state == .failed && failed.failureCode == code)
                #expect(failed.failureReason?.contains("Upload the file again") == true)
                #expect(try await service.upload(file.name, text).outcome == .replaced)
                #expect(try await service.finished(file.id).state == .done)
            }
            #expect(try await service.passages().count == 3)
            await stop(worker)
        }
    }

    @Test func `A file whose passages another change is in the way of is stored the next time`() async throws {
        try await withService { service in
            try await service.db.administrate("CREATE SEQUENCE tries")
            try await service.db.administrate(
                """
                CREATE FUNCTION stand_in_the_way() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
                BEGIN
                    IF nextval('public.tries') < 3 THEN RAISE 'in the way' USING ERRCODE = 'deadlock_detected'; END IF;
                    RETURN NULL;
                END $$
                """)
            try await service.db.administrate(
                "CREATE TRIGGER stand_in_the_way AFTER INSERT ON knowledge_base EXECUTE FUNCTION stand_in_the_way()")
            let file = try await service.upload("a.txt", "Some text.").file
            #expect(try await service.finished(file.id).state == .done)
            let tries = try await service.db.administrate("SELECT last_value FROM tries").first?.decode(Int.self)
            #expect(tries == 3)
        }
    }

    @Test func `A worker that is cancelled in the middle gives its file back`() async throws {
        try await withService(working: false) { service in
            let (reached, signal) = AsyncStream<Void>.makeStream()
            let file = try await service.upload("a.txt", "Some text.").file
            let held = Task { try await service.worker(embedder: HeldEmbedder(reached: signal)).run() }
            _ = await reached.first { true }
            #expect(try await service.db.file(file.id, of: service.db.alice).state == .processing)
            await stop(held)
            #expect(try await service.db.file(file.id, of: service.db.alice).state == .pending)
            let worker = Task { try await service.worker().run() }
            #expect(try await service.finished(file.id).state == .done)
            await stop(worker)
        }
    }

    @Test func `A lock that is lost over and over is not the file's fault`() async throws {
        try await withService(working: false) { service in
            let (reached, signal) = AsyncStream<Void>.makeStream()
            let file = try await service.upload("a.txt", "Some text.").file
            var worker = service.worker(embedder: HeldEmbedder(reached: signal))
            worker.pause = .milliseconds(50)
            let held = Task { [worker] in try await worker.run() }
            var claims = reached.makeAsyncIterator()
            for _ in 1...5 {
                _ = await claims.next()
                try await service.breakLock()
            }
            _ = await claims.next()
            #expect(try await service.db.file(file.id, of: service.db.alice).state == .processing)
            let attempts = try await service.db.administrate("SELECT attempts FROM jobs").first?.decode(Int32.self)
            #expect(attempts == 1)
            await stop(held)
        }
    }

    @Test func `A claim that turns up after its session goes back`() async throws {
        try await withService(working: false) { service in
            let (reached, signal) = AsyncStream<Void>.makeStream()
            let first = try await service.upload("a.txt", "Some text.").file
            var worker = service.worker(embedder: HeldEmbedder(reached: signal))
            worker.pause = .milliseconds(50)
            let held = Task { [worker] in try await worker.run() }
            var claims = reached.makeAsyncIterator()
            _ = await claims.next()
            let session = try await service.db.administrate("SELECT claimed_by FROM jobs").first?.decode(Int64.self)
            try await service.breakLock()
            _ = await claims.next()
            #expect(try await service.db.file(first.id, of: service.db.alice).state == .processing)
            // What a commit looks like that the server carried out after the worker had given up waiting for it.
            let late = try await service.upload("b.txt", "Other text.").file
            _ = await claims.next()
            try await service.db.administrate("UPDATE jobs SET claimed_by = \(session) WHERE file_id = \(late.id)")
            #expect(
                try await eventually {
                    let now = try await service.db.administrate("SELECT claimed_by FROM jobs WHERE file_id = \(late.id)").first
                    return try now?.decode(Int64?.self) != session
                })
            await stop(held)
        }
    }

    @Test func `A database killed in the middle costs no file and doubles no passage`() async throws {
        let cluster = try await TestCluster.start()
        let db = try await TestDatabase.make(on: cluster)
        try await withFolder { folder in
            let service = IngestionService(db, folder: folder)
            var files: [FileID] = []
            for number in 0..<60 { files.append(try await service.upload("\(number).txt", "The text of file number \(number).").file.id) }
            let worker = Task { try await service.worker().run() }
            for _ in 0..<3 {
                let before = try await service.passages().count
                #expect(try await eventually { (try? await service.passages().count) ?? 0 > before || before == 60 })
                try await cluster.killServer()
            }
            #expect(
                try await eventually(within: .seconds(90)) {
                    let open = try? await service.unfinished()
                    return open?.isEmpty == true
                })
            let unfinished = try await service.unfinished()
            #expect(unfinished == [])
            let contents = try await service.passages().map(\.content).sorted()
            #expect(contents == (0..<60).map { "The text of file number \($0)." }.sorted())
            await stop(worker)
        }
        await db.close()
        try await cluster.remove()
    }

    @Test func `Waiting ends with the time, too`() async throws {
        try await withService(working: false) { service in
            let file = try await service.upload("a.txt", "Some text.").file
            let watch = FileWatch(database: service.db.database, events: service.events)
            let state = try await watch.file(file.id, scope: service.db.alice.scope, waiting: .milliseconds(100)).state
            #expect(state == .pending)
            let problem = await failure(Problem.self) {
                _ = try await watch.file(file.id, scope: service.db.bob.scope, waiting: .seconds(60))
            }
            #expect(problem?.code == "file_not_found")
        }
    }
}
