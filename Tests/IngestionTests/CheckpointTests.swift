import Domain
import Embeddings
import Foundation
@testable import Ingestion
import Storage
import Synchronization
import TestSupport
import Testing

/// What is paid for once is not paid for again, and what is not the file's fault is tried again.
@Suite struct CheckpointTests {
    /// Counts passages; fails when it is told to.
    private struct CostlyEmbedder: EmbeddingProvider {
        let inner = HashingEmbedder()
        let texts = Shared<[String]>([])
        let calls = Shared(0)
        let failures = Shared<[EmbeddingError]>([])
        /// Done with each call, before its answer.
        var before: @Sendable () async throws -> Void = {}
        var model: EmbeddingModel { inner.model }
        var isCostly: Bool { true }

        func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] {
            if let failure = failures.withLock({ $0.popLast() }) { throw failure }
            self.texts.withLock { $0 += texts }
            calls.withLock { $0 += 1 }
            try await before()
            return try await inner.embed(texts, purpose: purpose)
        }
    }

    /// What a test and its embedder both look at.
    private final class Shared<Value: Sendable>: Sendable {
        private let value: Mutex<Value>

        init(_ value: Value) { self.value = Mutex(value) }

        func withLock<R: Sendable>(_ body: @Sendable (inout Value) throws -> R) rethrows -> R { try value.withLock { try body(&$0) } }
    }

    private func chapters(_ numbers: some Sequence<Int>) -> String {
        numbers.map { number in
            let body = (0..<40).map { "In chapter \(number) the clerk noted fact \(number * 100 + $0)." }.joined(separator: " ")
            return "# Chapter \(number)\n\n\(body)"
        }.joined(separator: "\n\n")
    }

    private func run(_ service: IngestionService, _ embedder: any EmbeddingProvider, until file: FileID) async throws -> StoredFile {
        var worker = service.worker(embedder: embedder)
        worker.pause = .milliseconds(50)
        worker.firstRetry = .milliseconds(10)
        let running = Task { [worker] in try await worker.run() }
        let ended = try await service.finished(file)
        await stop(running)
        return ended
    }

    @Test func `A file that changes pays for the passages that changed`() async throws {
        try await withService(working: false) { service in
            let embedder = CostlyEmbedder()
            let file = try await service.upload("a.md", chapters(1...6)).file
            #expect(try await run(service, embedder, until: file.id).state == .done)
            let first = embedder.texts.withLock { $0.count }
            #expect(first >= 6)
            _ = try await service.upload("a.md", chapters([1, 2, 3, 9, 5, 6]))
            #expect(try await run(service, embedder, until: file.id).state == .done)
            let added = embedder.texts.withLock { Array($0.dropFirst(first)) }
            #expect(!added.isEmpty && added.allSatisfy { $0.contains("hapter 9") }, "\(added.map { $0.prefix(60) })")
            let contents = try await service.passages().map(\.content)
            #expect(contents.contains { $0.contains("chapter 9") } && !contents.contains { $0.contains("chapter 4") })
        }
    }

    @Test func `What kept vectors save is counted`() async throws {
        try await withService(working: false) { service in
            let embedder = CostlyEmbedder()
            var worker = service.worker(embedder: embedder)
            worker.pause = .milliseconds(50)
            let running = Task { [worker] in try await worker.run() }
            for numbers in [[1, 2, 3, 4, 5, 6], [1, 2, 3, 9, 5, 6]] {
                let file = try await service.upload("a.md", chapters(numbers)).file
                let ended = try await service.finished(file.id)
                #expect(ended.state == .done)
            }
            await stop(running)
            let paid = embedder.texts.withLock { $0.count }
            let counts = worker.keptVectors
            #expect(counts.misses == paid && paid >= 7)
            #expect(counts.hits >= 5 && counts.hits + counts.misses >= 12, "\(counts)")
        }
    }

    @Test func `Small files share a call of the provider, and one that is refused holds up none of the others`() async throws {
        try await withService(working: false) { service in
            let embedder = CostlyEmbedder()
            try await service.db.administrate("ALTER TABLE knowledge_base ADD CHECK (content NOT LIKE '%poison%')")
            var files: [FileID] = []
            for number in 0..<10 {
                let text = number == 4 ? "This is poison." : "The clerk noted fact \(number)."
                files.append(try await service.upload("\(number).md", text).file.id)
            }
            _ = try await service.upload("none.md", "\u{1}")
            var worker = service.worker(embedder: embedder)
            (worker.pause, worker.firstRetry, worker.attempts) = (.milliseconds(50), .milliseconds(10), 2)
            let running = Task { [worker] in try await worker.run() }
            for (number, file) in files.enumerated() {
                let ended = try await service.finished(file)
                #expect(ended.state == (number == 4 ? .failed : .done) && (number != 4 || ended.failureCode == "values_contradict"))
            }
            await stop(running)
            #expect(embedder.texts.withLock { $0.count } == 10, "nothing is paid for twice")
            #expect(embedder.calls.withLock { $0 } <= 2)
        }
    }

    @Test func `A provider that is away is asked again, and what it gave before is kept`() async throws {
        try await withService(working: false) { service in
            let embedder = CostlyEmbedder()
            let file = try await service.upload("a.md", chapters(1...80)).file
            embedder.failures.withLock { $0 = Array(repeating: .unavailable(embedder.model, reason: "away", retryAfter: nil), count: 3) }
            let done = try await run(service, embedder, until: file.id)
            #expect(done.state == .done)
            let paid = embedder.texts.withLock { $0 }
            #expect(Set(paid).count == paid.count, "no text is paid for twice")
            let attempts = try await service.db.administrate("SELECT attempts FROM jobs").first?.decode(Int32.self)
            #expect(attempts == 4)
        }
    }

    @Test func `What was paid for while the database went away is kept once it is back`() async throws {
        try await withService(working: false) { service in
            var embedder = CostlyEmbedder()
            let calls = Shared(0)
            embedder.before = {
                let call = calls.withLock { calls in
                    calls += 1
                    return calls
                }
                if call % 2 == 1, call < 10 { try await service.breakSessions() }
            }
            let file = try await service.upload("a.md", chapters(1...120)).file
            #expect(try await run(service, embedder, until: file.id).state == .done)
            let paid = embedder.texts.withLock { $0 }
            #expect(Set(paid).count == paid.count && paid.count > 100, "\(paid.count) texts, \(Set(paid).count) of them different")
        }
    }

    @Test func `A text that stands in two files is paid for once, also when both are read together`() async throws {
        try await withService(working: false) { service in
            var embedder = CostlyEmbedder()
            embedder.before = { try await Task.sleep(for: .milliseconds(200)) }
            let first = try await service.upload("a.md", chapters(1...40)).file
            let second = try await service.upload("b.md", chapters(1...40)).file
            #expect(try await run(service, embedder, until: first.id).state == .done)
            #expect(try await run(service, embedder, until: second.id).state == .done)
            let paid = embedder.texts.withLock { $0 }
            #expect(Set(paid).count == paid.count && paid.count >= 40)
        }
    }

    /// A reader that is killed the first times it is started.
    private func killedReader(_ folder: String, times: Int) -> [String] {
        let script = """
            echo >> \(folder)/starts; [ $(wc -l < \(folder)/starts) -gt \(times) ] || kill -KILL $$; exec \(bunkoProgram) read-document "$0"
            """
        return ["/bin/sh", "-c", script]
    }

    @Test(arguments: [2, 3])
    func `A reader that was killed is tried again, twice`(times: Int) async throws {
        try await withService(working: false) { service in
            try await withFolder { folder in
                let file = try await service.upload("a.html", "<h1>Trams</h1><p>The tram leaves at nine.</p>").file
                var worker = service.worker(reader: killedReader(folder, times: times))
                worker.pause = .milliseconds(50)
                worker.firstRetry = .milliseconds(10)
                let running = Task { [worker] in try await worker.run() }
                let ended = try await service.finished(file.id)
                await stop(running)
                #expect(ended.state == (times == 2 ? .done : .failed))
                #expect(ended.failureCode == (times == 2 ? nil : "processing_interrupted"))
                #expect(times == 2 || ended.failureReason?.contains("killed three times") == true)
            }
        }
    }

    @Test func `A provider that stays away ends the job with the reason`() async throws {
        try await withService(working: false) { service in
            let embedder = CostlyEmbedder()
            let file = try await service.upload("a.md", "Some text.").file
            embedder.failures.withLock { $0 = Array(repeating: .unavailable(embedder.model, reason: "away", retryAfter: nil), count: 50) }
            var worker = service.worker(embedder: embedder)
            worker.pause = .milliseconds(50)
            worker.firstRetry = .milliseconds(1)
            worker.longestRetry = .milliseconds(2)
            let running = Task { [worker] in try await worker.run() }
            let failed = try await service.finished(file.id)
            await stop(running)
            #expect(failed.state == .failed && failed.failureReason?.contains("--retry-failed") == true)
            let job = try await service.db.administrate("SELECT state || ' ' || failure_step || ' ' || attempts FROM jobs").first
            #expect(try job?.decode(String.self) == "failed embedding 8")
        }
    }
}
