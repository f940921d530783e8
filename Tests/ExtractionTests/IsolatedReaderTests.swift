import Foundation
import Glibc
import Testing

@testable import Extraction

/// What a process that reads a document may do to the one that waits for it. The product's own reader is tried in the tests of the
/// rooms above; here shell scripts play the worst of readers.
@Suite struct IsolatedReaderTests {
    private func read(_ script: String, _ change: (inout ReaderLimits) -> Void = { _ in }) async -> Result<ReadDocument, any Error> {
        var limits = ReaderLimits()
        change(&limits)
        do {
            return .success(
                try await IsolatedReader(command: ["/bin/sh", "-c", script], limits: limits)
                    .read(Array("some text".utf8), fileName: "a.txt", options: .init()))
        } catch {
            return .failure(error)
        }
    }

    private func code(_ result: Result<ReadDocument, any Error>) -> String? {
        guard case .failure(let error as ExtractionError) = result else { return nil }
        return error.code
    }

    private func limit(_ result: Result<ReadDocument, any Error>) -> String? {
        guard case .failure(ExtractionError.overLimit(let resource)) = result else { return nil }
        return resource
    }

    private func frames(_ frames: [ReadingFrame]) throws -> String {
        try frames.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }.joined(separator: "\n")
    }

    @Test func `An answer is taken whole or not at all`() async throws {
        let chunk = Chunk(
            ordinal: 0, content: "some text", headingPath: [], charStart: 0, charEnd: 9, pageFrom: nil, pageTo: nil, tokenCount: 2,
            context: "")
        let head = ReadingFrame.document(mediaType: .plainText, title: "T")
        let whole = try frames([head, .chunk(chunk), .end(chunks: 1)])
        let document = try await read("cat <<'X'\n\(whole)\nX").get()
        #expect(document == ReadDocument(mediaType: .plainText, title: "T", chunks: [chunk]))
        for broken in [
            try frames([head, .chunk(chunk)]), try frames([head, .chunk(chunk), .end(chunks: 2)]), try frames([.end(chunks: 0)]), "{}", "",
            String(whole.dropLast(30)), "\u{7f}ELF",
        ] {
            #expect(code(await read("cat <<'X'\n\(broken)\nX")) == "damaged", "\(broken)")
        }
        let refusal = try frames([.failure(.locked(format: "PDF document"))])
        #expect(code(await read("cat <<'X'\n\(refusal)\nX")) == "locked")
    }

    @Test func `The document is its standard input, from the beginning, also for a program that opens it again`() async throws {
        for script in ["cat", "cat /dev/stdin", "head -c 4 >/dev/null; cat /dev/stdin"] {
            let result = await read("test \"$(\(script))\" = 'some text' && exit 7; exit 8")
            guard case .failure(let error as ExtractionError) = result else { throw CancellationError() }
            #expect(error.reason.contains("exit code 7"), "\(script): \(error.reason)")
        }
    }

    @Test(arguments: ["kill -SEGV $$", "kill -ABRT $$", "exit 3", "exec 1>&-; exec sleep 0"])
    func `A reader that dies costs its document`(script: String) async {
        #expect(code(await read(script)) == "damaged")
    }

    @Test(arguments: ["KILL", "TERM"])
    func `A reader that somebody else killed says nothing of its document`(signal: String) async {
        let result = await read("kill -\(signal) $$")
        #expect(throws: ReaderKilled.self) { try result.get() }
    }

    @Test func `One that goes on after its processor time is killed for that`() async {
        let script = "trap '' XCPU; ulimit -S -t 1 && ulimit -H -t 2 && while :; do :; done"
        #expect(code(await read(script) { $0.processorSeconds = 1 }) == "over_limit")
    }

    @Test func `Nor does a program of the reader's`() async throws {
        for signal in [SIGKILL, SIGTERM] { #expect(ProgramLimits.error(.signal(signal), ProgramMessages()) == .programKilled) }
        let told = try frames([.failure(.programKilled)])
        let result = await read("cat <<'X'\n\(told)\nX")
        #expect(throws: ReaderKilled.self) { try result.get() }
    }

    @Test func `A reader that hangs, floods or fills the processor is ended, with what it started`() async throws {
        let marker = "bunko-\(UUID().uuidString)"
        // Each by its own limit: the other ones are far away.
        let hanging = await read("sh -c 'exec -a \(marker) sleep 600' & sleep 600") { $0.seconds = 1 }
        #expect(limit(hanging) == "1 seconds")
        let talking = await read("while :; do echo '{}{}{}'; done") { $0.outputBytes = 1 << 20 }
        #expect(code(talking) == "damaged")
        let flooding = await read("yes | tr -d '\\n'") { $0.outputBytes = 1 << 20 }
        #expect(limit(flooding) == "1 MiB of text")
        let busy = await read("ulimit -S -t 1; while :; do :; done")
        #expect(limit(busy)?.hasSuffix("seconds of processor time") == true)
        let left = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { pid in
            (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8).contains(marker)) == true
        }
        #expect(left.isEmpty)
    }

    @Test func `A program that is not there is the operator's fault`() async {
        do {
            _ = try await IsolatedReader(command: ["/no/such/program"]).read([1], fileName: "a", options: .init())
            Issue.record("it was started")
        } catch {
            #expect(error is ReaderProcessError, "\(error)")
        }
    }

    @Test func `A task that is cancelled ends its reader`() async throws {
        let task = Task { await read("sleep 600") }
        try await Task.sleep(for: .milliseconds(200))
        task.cancel()
        guard case .failure(let error) = await task.value else { throw ReaderStillRuns() }
        #expect(error is CancellationError)
    }

    private struct ReaderStillRuns: Error {}
}
