import Foundation
import VectorDatasets
import RowFilters
import VectorIndex

/// Measures scenarios on a data set.
public struct ScenarioMeasurement: Sendable {
    /// A recall that every scenario asks for.
    static let effort = SearchEffort.standard
    /// Queries that are held against an exhaustive search of their own.
    static let judged = 200

    let base: VectorMatrix
    let bank: QueryBank
    let fresh: FreshRows
    /// One pinned thread.
    let rules = BenchmarkProtocol()

    /// Scenarios on a folder's base, with the bank's queries.
    public init(_ folder: DatasetFolder, base: VectorMatrix, bank: QueryBank) throws {
        self.base = base
        self.bank = bank
        fresh = try FreshRows(folder, base: base)
    }

    /// Measures one scenario. `swept` is the index of the sweep, for those that use it; `churn` leaves other rows in it. Builds run on
    /// `workers` threads.
    public func measure(_ scenario: Scenario, swept: IndexContender?, workers: Int, into figures: inout ScenarioFigures) async throws {
        switch (scenario, swept) {
        case (.batch, let swept?): figures.batch = try await batch(swept)
        case (.churn, let swept?): figures.churn = try await churn(swept)
        case (.partitions, _): figures.partitions = try await partitions(workers: workers)
        case (.filters, _): (figures.unfiltered, figures.filters) = try await filters(workers: workers)
        default: break
        }
    }

    /// An index of the base's first rows, built on all cores.
    func built(rows: Int, workers: Int, attributes: @escaping @Sendable (Int) -> RowAttributes) async throws -> IndexContender {
        let base = base
        let built = try await onCores([availableCores()]) { _ in
            try IndexContender(base, rows: rows, workers: workers, attributes: attributes)
        }
        return built[0]
    }

    var judgedQueries: QuerySet { bank.queries.limited(to: Self.judged) }

    /// Single queries on the pinned core, held against an exhaustive search.
    func search(_ contender: IndexContender, _ queries: QuerySet) async throws -> (SearchFigures, [SearchResponse], ExactAnswers) {
        let exact = try await ExactAnswers(contender, queries)
        let pass = try await rules.single(contender, queries, Self.effort)
        return (SearchFigures(pass, recall: exact.recall(of: pass.answers)), pass.answers, exact)
    }
}

/// A number that looks random and is always the same for a row.
func scrambled(_ row: Int) -> UInt64 {
    var value = UInt64(row) &+ 0x9E37_79B9_7F4A_7C15
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
}
