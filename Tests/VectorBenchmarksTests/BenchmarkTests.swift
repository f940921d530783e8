import Foundation
import Testing
import VectorDatasets

@testable import VectorBenchmarks

/// A contender whose answers are written down beforehand.
private struct ScriptedContender: SearchContender {
    let system = "scripted"
    let memoryBytes = 7
    let answers: [[Float]: [Int]]
    var settings: [(parameters: [String: BenchmarkResult.Parameter], setting: Int)] {
        [(["depth": .integer(1)], 1), (["depth": .integer(2)], 2)]
    }

    func search(_ query: [Float], k: Int, _ setting: Int) throws -> [Int] { Array(answers[query, default: []].prefix(setting)) }
    func searchBatch(_ queries: [[Float]], k: Int, threads: Int, _ setting: Int) throws -> [[Int]] {
        try queries.map { try search($0, k: k, setting) }
    }
    func rows(of answer: [Int]) -> [Int] { answer }
}

struct BenchmarkTests {
    /// Four rows on the unit circle, the second a copy of the first; 20 queries, of which two only warm up.
    private func bank(k: Int = 2, limit: Int? = nil) async throws -> (QueryBank, VectorMatrix, TemporaryPlace) {
        let place = try TemporaryPlace()
        let base: [Float] = [1, 0, 1, 0, 0, 1, 0.6, 0.8]
        let queries = (0..<20).flatMap { [Float(1), Float($0) / 1000] }
        try place.write(base, rows: 4, "base.fbin")
        try place.write(queries, rows: 20, "query.fbin")
        let folder = DatasetFolder(path: place.path)
        let rows = try folder.base()
        let truth = try await ExactNeighbors.find(base: rows, queries: try folder.queries(for: rows), k: 3, threads: 1)
        try truth.write(to: folder.file("gt.ibin"))
        return (try QueryBank(folder, base: rows, k: k, limit: limit), rows, place)
    }

    @Test func recallCountsRowsOnceAndTiesAsHits() async throws {
        let (bank, _, _) = try await bank(k: 1)
        #expect(bank.measured.count == 18 && bank.warmUp.count == 2)
        // Row 1 is a copy of row 0, which the truth names.
        #expect(bank.recalls(of: [[0], [1], [3], [], [-1], [99]]) == [1, 1, 0, 0, 0, 0])
        let (pair, _, _) = try await self.bank(k: 2)
        #expect(pair.recalls(of: [[0, 0], [1, 0], [1, 3], [2, 3, 0, 1]]) == [0.5, 1, 0.5, 0])
        // Answers to a batch that is longer than the queries start over.
        #expect(pair.recalls(of: Array(repeating: [0, 1], count: 40)).allSatisfy { $0 == 1 })
    }

    @Test func moreNeighboursThanAreKnownAreRefused() async throws {
        await #expect(throws: DatasetError.self) { try await bank(k: 4) }
    }

    @Test(arguments: [1, 2])
    func everySettingIsMeasured(threads: Int) async throws {
        try #require(availableCores().count >= threads, "this machine has one core")
        let (bank, _, _) = try await bank()
        let answers = Dictionary(uniqueKeysWithValues: bank.measured.map { ($0, [0, 1]) })
        var results: [BenchmarkResult] = []
        try await BenchmarkProtocol(threads: threads, batch: 30).measure(ScriptedContender(answers: answers), bank, buildSeconds: 2) {
            results.append($0)
        }
        #expect(results.map(\.recall) == [0.5, 0.5, 1, 1])
        #expect(results.map(\.isBatch) == [false, true, false, true])
        #expect(results.allSatisfy { $0.system == "scripted" && $0.buildSeconds == 2 && $0.memoryBytes == 7 && $0.k == 2 })
        #expect(results.allSatisfy { $0.qps > 0 && $0.p50 <= $0.p95 && $0.p95 <= $0.p99 })
        #expect(results.allSatisfy { ($0.parameters["threads"] == nil) == (threads == 1) })
        #expect(results[3].parameters["batch"] == .integer(30) && results[3].parameters["depth"] == .integer(2))
    }

    @Test func anErrorOfAContenderEndsTheRun() async throws {
        struct Failing: SearchContender {
            let system = "failing"
            let memoryBytes = 0
            var settings: [(parameters: [String: BenchmarkResult.Parameter], setting: Void)] { [([:], ())] }
            func search(_ query: [Float], k: Int, _ setting: Void) throws -> Int { throw CocoaError(.featureUnsupported) }
            func searchBatch(_ queries: [[Float]], k: Int, threads: Int, _ setting: Void) throws -> [Int] { [] }
            func rows(of answer: Int) -> [Int] { [] }
        }
        let (bank, _, _) = try await bank()
        let threads = min(2, availableCores().count)
        await #expect(throws: CocoaError.self) {
            try await BenchmarkProtocol(threads: threads).measure(Failing(), bank, buildSeconds: 0) { _ in }
        }
    }

    @Test func theIndexIsMeasured() async throws {
        let place = try TemporaryPlace()
        let folder = DatasetFolder(path: place.path + "/set")
        _ = try await folder.generate(.init(preset: .threeLarge, rows: 1200, queries: 40, seed: 2), threads: 2) { _, _, _ in }
        let base = try folder.base()
        let bank = try QueryBank(folder, base: base, k: 10, limit: 10)
        var results: [BenchmarkResult] = []
        try await BenchmarkProtocol(batch: 20).measure(try IndexContender(base, workers: 1), bank, buildSeconds: 0) { results.append($0) }
        let exact = results.filter { $0.parameters["exact"] != nil }
        #expect(exact.map(\.recall) == [1, 1] && exact.map(\.isBatch) == [false, true])
        #expect(results.count > 10 && results.allSatisfy { $0.system == "bunko" && $0.memoryBytes >= 1200 * 6144 })
    }

    @Test func rowNumbersPassThroughIds() {
        for row in [0, 1, 255, 256, 70_000, Int(UInt32.max)] { #expect(UUID(row: row).row == row) }
    }

    @Test func threadsStayOnTheirCores() async throws {
        let all = availableCores()
        let seen = try await onCores(all.map { [$0] }) { _ in cores(ofThread: 0) }
        #expect(seen == all.map { [$0] })
        #expect(availableCores() == all)
        // A thread that a bound one begins inherits its cores; what goes on afterwards must not.
        for _ in 0..<20 {
            _ = try await onCores([[all[0]]]) { _ in 0 }
            #expect(cores(ofThread: 0) == all)
        }
    }
}
