import Domain
import Foundation
import Synchronization
import Testing

@testable import bunko

@Suite("Parts of the import")
struct ImportPartsTests {
    @Test("Events are read from pieces of any size, with any line ends")
    func events() {
        let text = ": hello\r\nid: 7\r\nevent: job\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\ndata:x\n\nevent: nothing\n\ndata: cut"
        for size in [1, 2, 3, 7, 1_000] {
            var events = ServerSentEvents()
            var seen: [ServerSentEvents.Event] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                seen += events.take(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(seen == [.init(name: "job", id: "7", data: "{\"a\":\n1}"), .init(id: "7", data: "x")], "pieces of \(size)")
        }
    }

    @Test("A busy server is asked again when it says so, an absent one for a short while, and a refusal is final")
    func patience() {
        let patience = Patience()
        func failure(_ status: Int, retryAfter: Int? = nil) -> APIClient.Failure {
            .init(status: status, code: "x", detail: "x", remedy: nil, retryAfter: retryAfter)
        }
        #expect(patience.pause(after: failure(429, retryAfter: 7), tries: 0, waited: .zero) == .seconds(7))
        #expect(patience.pause(after: failure(503), tries: 0, waited: .zero) == .milliseconds(250))
        #expect(patience.pause(after: failure(503), tries: 20, waited: .zero) == .seconds(15))
        #expect(patience.pause(after: failure(503), tries: 3, waited: .seconds(599)) == nil)
        for status in [400, 401, 404, 413, 415, 500, 507] {
            #expect(patience.pause(after: failure(status), tries: 0, waited: .zero) == nil)
        }
        let away = Problem(.environment, code: APIClient.unreachable, "away")
        #expect(patience.pause(after: away, tries: 0, waited: .zero) == .milliseconds(250))
        #expect(patience.pause(after: away, tries: 3, waited: .seconds(19)) == nil)
        #expect(patience.pause(after: CancellationError(), tries: 0, waited: .zero) == nil)
    }

    @Test("Places are given in order, and a cancelled wait takes none")
    func permits() async throws {
        let permits = Permits(1)
        try await permits.take()
        let waiting = Task { try await permits.take() }
        waiting.cancel()
        let outcome = await waiting.result
        #expect(throws: CancellationError.self) { try outcome.get() }
        let next = Task { try await permits.take() }
        permits.giveBack()
        try await next.value
        permits.giveBack()
        try await permits.take()
    }

    @Test("Whoever wants several places waits for all of them, and whoever gives up lets the next one through")
    func severalPlaces() async throws {
        let permits = Permits(4)
        try await permits.take(3)
        let taken = Taken()
        let four = Task { try await taken.take(4, of: permits) }
        try await eventually("the four to wait") { permits.waiting == 1 }
        let one = Task { try await taken.take(1, of: permits) }
        try await eventually("the one to wait behind") { permits.waiting == 2 }
        #expect(taken.counts.withLock { $0 } == [], "one place is free, but not for who came later")
        four.cancel()
        try await one.value
        permits.giveBack(4)
        try await taken.take(4, of: permits)
        #expect(taken.counts.withLock { $0 } == [1, 4])
    }

    private final class Taken: Sendable {
        let counts = Mutex<[Int]>([])

        func take(_ count: Int, of permits: Permits) async throws {
            try await permits.take(count)
            counts.withLock { $0.append(count) }
        }
    }

    @Test("Files go out in groups as large as what waits allows, in their order")
    func groups() async throws {
        let queue = CandidateQueue()
        let half: @Sendable (Int) -> Int = { ($0 + 1) / 2 }
        let early = Task { await queue.next(half) }
        queue.add(.init(index: 0, path: "/0"))
        #expect(await early.value.map(\.index) == [0])
        for index in 1...5 { queue.add(.init(index: index, path: "/\(index)")) }
        #expect(await queue.next(half).map(\.index) == [1, 2, 3])
        queue.finish()
        #expect(await queue.next(half).map(\.index) == [4])
        #expect(await queue.next(half).map(\.index) == [5])
        #expect(await queue.next(half).isEmpty)
        let cancelled = CandidateQueue()
        let waiting = Task { await cancelled.next(half) }
        waiting.cancel()
        #expect(await waiting.value.isEmpty)
    }

    @Test("A path settles when it has been quiet, or has changed for too long")
    func settling() {
        var paths = SettlingPaths()
        let start = ContinuousClock.now
        paths.note("/b", at: start)
        paths.note("/a", at: start + .milliseconds(400))
        #expect(paths.take(at: start + .milliseconds(499)) == [])
        #expect(paths.take(at: start + .milliseconds(500)) == ["/b"])
        #expect(paths.take(at: start + .milliseconds(900)) == ["/a"])
        #expect(paths.isEmpty)
        for step in 0...75 { paths.note("/log", at: start + .milliseconds(step * 400)) }
        #expect(paths.take(at: start + .milliseconds(29_999)) == [])
        #expect(paths.take(at: start + .seconds(30)) == ["/log"])
    }

    @Test("A file is read to its digest, whole or streamed, and a change of it is noticed")
    func localFiles() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.bin")
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try folder.write("a.bin", bytes)
        let whole = try await Blocking.run { try LocalFile.read(path, limit: 1 << 30, wholeUpTo: 1 << 30, $0) }
        let streamed = try await Blocking.run { try LocalFile.read(path, limit: 1 << 30, wholeUpTo: 10, $0) }
        #expect(whole.bytes == bytes)
        #expect(streamed.bytes == nil)
        #expect(whole.file == streamed.file)
        #expect(try streamed.file.part(offset: 2_999_990, count: 100) == Array(bytes.suffix(10)))
        try folder.write("a.bin", bytes.dropLast())
        #expect(throws: FileFault.changed) { try streamed.file.part(offset: 0, count: 10) }
        let tooLarge = await #expect(throws: FileFault.self) {
            try await Blocking.run { try LocalFile.read(path, limit: 100, wholeUpTo: 10, $0) }
        }
        #expect(tooLarge?.code == "file_too_large")
    }

    @Test("Events of the kernel are read as it writes them")
    func kernelEvents() {
        func record(_ watch: UInt32, _ mask: UInt32, _ name: String, _ padded: Int) -> [UInt8] {
            let head = [watch, mask, 0, UInt32(padded)].flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
            return head + Array(name.utf8) + [UInt8](repeating: 0, count: padded - name.utf8.count)
        }
        let bytes = record(1, 0x100, "a.md", 16) + record(.max, 0x4000, "", 0) + record(2, 0x4000_0100, "sub", 16)
        let events = FolderEvents.events(in: bytes[...])
        #expect(events.map(\.name) == ["a.md", nil, "sub"])
        #expect(events.map(\.isOverflow) == [false, true, false])
        #expect(events.map(\.isFolder) == [false, false, true])
        #expect(events.map(\.isArrival) == [true, false, true])
    }

    @Test("Tags are read as the server keeps them")
    func tags() {
        #expect(ImportOptions.tags(["a, b", "b", " ", "c"]) == ["a", "b", "c"])
    }

    @Test("A preview counts what an import would cut, and says what it cannot read")
    func preview() async throws {
        let text = (0..<40).map { "## Part \($0)\n\n" + String(repeating: "A sentence of some words. ", count: 60) }.joined(
            separator: "\n\n")
        let preview = try DocumentPreview.asServer(nil) { _ in nil }
        let read = try await preview.figures(Array(text.utf8), "a.md")
        let figures = try #require(read)
        #expect(figures.chunks >= 40)
        #expect(figures.tokens > figures.chunks * 100)
        let fault = await #expect(throws: FileFault.self) { try await preview.figures(Array(" \n".utf8), "a.md") }
        #expect(fault?.code == "no_text")
        let larger = try DocumentPreview.asServer(.init(target_tokens: 1_400, vocabulary: nil, ocr_languages: [])) { _ in nil }
        let plain = Array(text.replacing("## ", with: "").utf8)
        let (many, few) = (try await preview.figures(plain, "a.md")?.chunks ?? 0, try await larger.figures(plain, "a.md")?.chunks ?? 0)
        #expect(few > 1 && few * 2 < many)
        let foreign = try DocumentPreview.asServer(.init(target_tokens: 350, vocabulary: "x", ocr_languages: [])) { _ in nil }
        #expect(preview.isExact && larger.isExact && !foreign.isExact, "a vocabulary that is not here makes an estimate")
    }

    @Test("A dry run's cost is the price of its tokens")
    func cost() throws {
        func file(_ action: DryRunReport.Action, _ tokens: Int?) -> DryRunReport.File {
            .init(path: "/a", action: action, chunks: tokens.map { $0 / 100 }, tokens: tokens, reason: nil, code: nil)
        }
        let paid = try JSONDecoder().decode(LimitsAnswer.Embedding.self, from: Data(#"{"model":"m","cost_per_million_tokens":0.13}"#.utf8))
        let report = DryRunReport(
            files: [file(.add, 1_500_000), file(.replace, 500_000), file(.unchanged, 9_000_000), file(.add, nil)], embedding: paid,
            seconds: 1)
        #expect(report.totals.cost == 0.26 && report.totals.tokens == 2_000_000 && report.totals.not_counted == 1)
        #expect(report.lines.contains { $0.contains("cost 0.26 with m (0.13 a million)") }, "\(report.lines)")
        let encoded = try JSONSerialization.jsonObject(with: Output.encoded(report)) as? [String: Any]
        #expect(encoded?["cost_per_million_tokens"] as? Double == 0.13 && encoded?["embedding_model"] as? String == "m")
    }
}
