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
    private final class CostlyEmbedder: EmbeddingProvider {
        let inner = HashingEmbedder()
        let texts = Mutex<[String]>([])
        let calls = Mutex(0)
        let failures = Mutex<[EmbeddingError]>([])
        var model: EmbeddingModel { inner.model }
        var isCostly: Bool { true }

        func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] {
            if let failure = failures.withLock({ $0.popLast() }) { throw failure }
            self.texts.withLock { $0 += texts }
            calls.withLock { $0 += 1 }
            return try await inner.embed(texts, purpose: purpose)
        }
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
