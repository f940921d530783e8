import Foundation
import Testing
import VectorDatasets
import VectorIndex

@testable import VectorBenchmarks

struct ScenarioTests {
    /// A generated set, or one of the same vectors that does not say what it was generated from.
    private func measurement(rows: Int, isGenerated: Bool = true) async throws -> (ScenarioMeasurement, VectorMatrix, TemporaryPlace) {
        let place = try TemporaryPlace()
        let folder = DatasetFolder(path: place.path + "/set")
        _ = try await folder.generate(.init(preset: .threeLarge, rows: rows, queries: 60, seed: 4), threads: 2) { _, _, _ in }
        if !isGenerated { try FileManager.default.removeItem(atPath: folder.file("dataset.json")) }
        let base = try folder.base()
        let bank = try QueryBank(folder, base: base, k: 10, limit: 30)
        return (try ScenarioMeasurement(folder, base: base, bank: bank), base, place)
    }

    @Test func listsOfScenariosAreRead() {
        #expect(Scenario.named("all") == Scenario.allCases)
        #expect(Scenario.named("none") == [])
        #expect(Scenario.named("filters, batch") == [.batch, .filters])
        #expect(Scenario.named("filters,nonsense") == nil)
    }

    @Test func everyFilterMatchesItsShare() async throws {
        let (measurement, _, _) = try await measurement(rows: 1200)
        var figures = ScenarioFigures()
        try await measurement.measure(.filters, swept: nil, workers: 1, into: &figures)
        #expect(figures.filters.map(\.matched) == [12, 120, 600, 12, 120, 600])
        #expect(figures.filters.map(\.layout) == [.random, .random, .random, .clustered, .clustered, .clustered])
        // Twelve and 120 rows are scored one by one.
        for filter in figures.filters {
            #expect(filter.short == 0 && filter.search.recall >= (filter.matched < 150 ? 1 : 0.95), "\(filter)")
        }
        #expect((figures.unfiltered?.qps ?? 0) > 0)
    }

    @Test(arguments: [true, false])
    func churnReplacesHalfOfTheRows(isGenerated: Bool) async throws {
        let (measurement, base, _) = try await measurement(rows: 1200, isGenerated: isGenerated)
        let contender = try IndexContender(base, workers: 1)
        var figures = ScenarioFigures()
        try await measurement.measure(.churn, swept: contender, workers: 1, into: &figures)
        let churn = try #require(figures.churn)
        #expect(churn.steps.map(\.replaced) == [0.2, 0.5] && churn.steps.map(\.batch) == [64, 1000])
        #expect(churn.steps.allSatisfy { $0.insertsPerSecond > 0 && $0.p99 >= $0.p50 && $0.after.recall > 0.95 }, "\(churn)")
        let ids = (0..<1800).filter { contender.index.contains(UUID(row: $0), in: contender.partition) }
        #expect(ids.count == 1200 && ids.count { $0 < 1200 } == 600)
        try contender.index.checkInvariants()
    }

    @Test func batchesAndThreadsAnswerAlike() async throws {
        let (measurement, base, _) = try await measurement(rows: 1200)
        var figures = ScenarioFigures()
        try await measurement.measure(.batch, swept: try IndexContender(base, workers: 1), workers: 1, into: &figures)
        let batch = try #require(figures.batch)
        #expect(batch.cores == availableCores().count && batch.queries == 1000 && batch.ratio > 0)
        #expect(abs(batch.recall - batch.threads.recall) < 0.02 && batch.recall > 0.95)
    }

    @Test func partitionsLargerThanTheSetAreLeftOut() async throws {
        let (measurement, _, _) = try await measurement(rows: 2100)
        var figures = ScenarioFigures()
        try await measurement.measure(.partitions, swept: nil, workers: 1, into: &figures)
        #expect(figures.partitions.map(\.rows) == [2000])
        #expect(figures.partitions.allSatisfy { $0.search.recall > 0.97 })
    }

    @Test func freshRowsAreNotThoseOfTheSet() async throws {
        for isGenerated in [true, false] {
            let (measurement, base, _) = try await measurement(rows: 300, isGenerated: isGenerated)
            let some = measurement.fresh.vectors(5..<25)
            #expect(some.count == 20 && some.allSatisfy { $0.count == base.dimensions })
            #expect(some == Array(measurement.fresh.vectors(0..<25).dropFirst(5)))
            let own = Set((0..<base.rows).map { base.copy($0..<$0 + 1) })
            #expect(own.isDisjoint(with: some) && Set(some).count == 20)
        }
    }

    @Test func aJudgeCountsRowsOnceAndTiesAsHits() async throws {
        let place = try TemporaryPlace()
        try place.write([1, 0, 1, 0, 0, 1, 0.6, 0.8], rows: 4, "base.fbin")
        let base = try VectorMatrix(path: place.path + "/base.fbin")
        let contender = try IndexContender(base, workers: 1)
        let queries = QuerySet(measured: [[1, 0.1]], warmUp: [], k: 1)
        let exact = try await ExactAnswers(contender, queries)
        let all = try contender.search([1, 0.1], k: 4, .exact)
        func answer(_ rows: [Int]) -> SearchResponse {
            var answer = all
            answer.hits = rows.flatMap { row in all.hits.filter { $0.id.row == row } }
            return answer
        }
        // Row 1 is a copy of row 0, which the truth names.
        #expect([[0], [1], [3], []].map { exact.recall(of: [answer($0)]) } == [1, 1, 0, 0])
        let pair = try await ExactAnswers(contender, QuerySet(measured: [[1, 0.1]], warmUp: [], k: 2))
        #expect([[0, 0], [1, 0], [0, 3]].map { pair.recall(of: [answer($0)]) } == [0.5, 1, 0.5])
        #expect(pair.short([answer([0])]) == 1 && pair.short([answer([0, 3])]) == 0 && pair.matched == 4)
    }

    @Test func memoryOfABuildIsSeen() throws {
        let bytes = 64 << 20
        let (_, peak) = ResidentMemory.peak {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
            memset(memory, 1, bytes)
            Thread.sleep(forTimeInterval: 0.05)
            memory.deallocate()
        }
        // Other tests run beside this one.
        #expect(peak >= bytes * 9 / 10)
    }
}
