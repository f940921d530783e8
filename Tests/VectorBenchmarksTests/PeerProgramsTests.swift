import Foundation
import Synchronization
import Testing

@testable import VectorBenchmarks

/// The way to the peers' programs, with programs of the shell in their place.
struct PeerProgramsTests {
    private static let line = #"""
        {"system":"p","parameters":{},"recall@10":1,"qps":2,"p50_us":1,"p95_us":2,"p99_us":3,"build_seconds":4,"memory_bytes":5}
        """#

    private func measure(_ program: String, setup: String = "echo /bin/bash") async throws -> [BenchmarkResult] {
        let place = try TemporaryPlace()
        try setup.write(toFile: "\(place.path)/setup.sh", atomically: true, encoding: .utf8)
        try program.write(toFile: "\(place.path)/run.py", atomically: true, encoding: .utf8)
        let programs = PeerPrograms(folder: place.path, cache: "\(place.path)/cache")
        let results = Mutex<[BenchmarkResult]>([])
        try await programs.measure(
            "hnswlib", interpreter: try await programs.prepare(), dataset: "/set", k: 10, by: BenchmarkProtocol(), limit: 3, effort: .quick
        ) { result in results.withLock { $0.append(result) } }
        return results.withLock(\.self)
    }

    @Test func linesBecomeResults() async throws {
        // Many, since processes that end at once are where their end is missed.
        for _ in 0..<25 { #expect(try await measure("echo '\(Self.line)'\necho '\(Self.line)'").map(\.qps) == [2, 2]) }
    }

    @Test func theOrderIsPassedOn() async throws {
        let program = """
            [[ "$1 $2 $3" == "hnswlib /set --cache" && "$*" == *"--k 10 --threads 1 --cores "*" --batch 0 --effort quick --queries 3" ]] || exit 9
            echo '\(Self.line)'
            """
        #expect(try await measure(program).count == 1)
    }

    @Test(arguments: [("exit 7", "echo /bin/bash"), ("echo nonsense", "echo /bin/bash"), ("true", "exit 3"), ("true", "true")])
    func whatFailsIsAFailure(program: String, setup: String) async throws {
        await #expect(throws: PeerFailure.self) { try await measure(program, setup: setup) }
    }

    @Test func cancellationEndsTheProgram() async throws {
        let task = Task { try await measure("echo '\(Self.line)'; exec sleep 60") }
        let start = ContinuousClock.now
        try await Task.sleep(for: .milliseconds(300))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(ContinuousClock.now - start < .seconds(20))
    }
}
