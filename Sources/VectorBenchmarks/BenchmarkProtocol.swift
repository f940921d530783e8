import Foundation
import VectorDatasets

/// How systems are measured; the same for all.
public struct BenchmarkProtocol: Sendable {
    /// Threads that search at the same time, each bound to a core.
    public var threads: Int
    /// Queries of a batch; under 2 none is measured.
    public var batch: Int
    /// Cores that measured threads are bound to: the last of those the process may use.
    public var cores: [Int] { Array(availableCores().suffix(threads)) }

    /// A setting is repeated until this many passes or seconds are reached, and the fastest pass counts.
    static let passes = 3
    static let seconds = 3.0

    public init(threads: Int = 1, batch: Int = 0) {
        self.threads = threads
        self.batch = batch
    }
}

extension BenchmarkProtocol {
    /// Measures every setting of a contender that was built in `buildSeconds`, one query at a time and, when asked for, by batches.
    public func measure<Contender: SearchContender>(
        _ contender: Contender, _ bank: QueryBank, buildSeconds: Double, report: (BenchmarkResult) throws -> Void
    ) async throws {
        for (parameters, setting) in contender.settings {
            try Task.checkCancellation()
            let pass = try await single(contender, bank.queries, setting)
            var named = parameters
            if threads > 1 { named["threads"] = .integer(threads) }
            try report(result(contender, bank, named, pass, buildSeconds))
            guard batch > 1 else { continue }
            named["batch"] = .integer(batch)
            try report(result(contender, bank, named, try await batched(contender, bank.queries, setting), buildSeconds))
        }
    }

    /// The fastest of some passes over the queries, one at a time.
    func single<Contender: SearchContender>(
        _ contender: Contender, _ queries: QuerySet, _ setting: Contender.Setting
    ) async throws -> TimedPass<Contender.Answer> {
        try await fastest { try await singlePass(contender, queries, setting) }
    }

    /// The fastest of some passes by one call with `batch` queries.
    func batched<Contender: SearchContender>(
        _ contender: Contender, _ queries: QuerySet, _ setting: Contender.Setting
    ) async throws -> TimedPass<Contender.Answer> {
        try await fastest { try await batchedPass(contender, queries, setting) }
    }

    private func fastest<Answer>(_ pass: () async throws -> TimedPass<Answer>) async throws -> TimedPass<Answer> {
        var best = try await pass()
        var total = best.seconds
        for _ in 1..<Self.passes where total < Self.seconds {
            let next = try await pass()
            total += next.seconds
            if next.seconds < best.seconds { best = next }
        }
        return best
    }

    private func singlePass<Contender: SearchContender>(
        _ contender: Contender, _ queries: QuerySet, _ setting: Contender.Setting
    ) async throws -> TimedPass<Contender.Answer> {
        let threads = threads
        let warm = DispatchGroup()
        for _ in 0..<threads { warm.enter() }
        let shares = try await onCores(cores.map { [$0] }) { number in
            let warming = Result { for query in queries.warmUp { _ = try contender.search(query, k: queries.k, setting) } }
            warm.leave()
            try warming.get()
            warm.wait()
            let begin = ContinuousClock.now
            var spent: [Double] = []
            var answers: [Contender.Answer] = []
            spent.reserveCapacity(queries.measured.count)
            answers.reserveCapacity(queries.measured.count)
            for position in stride(from: number, to: queries.measured.count, by: threads) {
                let before = ContinuousClock.now
                let answer = try contender.search(queries.measured[position], k: queries.k, setting)
                spent.append((ContinuousClock.now - before) / .seconds(1))
                answers.append(answer)
            }
            return TimedPass(
                seconds: threads == 1 ? spent.reduce(0, +) : (ContinuousClock.now - begin) / .seconds(1), spent: spent, answers: answers)
        }
        let order = queries.measured.indices.map { shares[$0 % threads].answers[$0 / threads] }
        return TimedPass(seconds: shares.map(\.seconds).max() ?? 0, spent: shares.flatMap(\.spent), answers: order)
    }

    private func batchedPass<Contender: SearchContender>(
        _ contender: Contender, _ queries: QuerySet, _ setting: Contender.Setting
    ) async throws -> TimedPass<Contender.Answer> {
        let repeated = (0..<batch).map { queries.measured[$0 % queries.measured.count] }
        let (threads, cores) = (threads, cores)
        let passes = try await onCores([cores]) { _ in
            _ = try contender.searchBatch(queries.warmUp, k: queries.k, threads: threads, setting)
            let before = ContinuousClock.now
            let answers = try contender.searchBatch(repeated, k: queries.k, threads: threads, setting)
            let seconds = (ContinuousClock.now - before) / .seconds(1)
            return TimedPass(seconds: seconds, spent: [seconds / Double(repeated.count)], answers: answers)
        }
        return passes[0]
    }

    private func result<Contender: SearchContender>(
        _ contender: Contender, _ bank: QueryBank, _ parameters: [String: BenchmarkResult.Parameter], _ pass: TimedPass<Contender.Answer>,
        _ buildSeconds: Double
    ) -> BenchmarkResult {
        let recalls = bank.recalls(of: pass.answers.map { contender.rows(of: $0) }).sorted()
        let spent = pass.spent.map { $0 * 1e6 }.sorted()
        return BenchmarkResult(
            system: contender.system, parameters: parameters, k: bank.k, recall: recalls.reduce(0, +) / Double(recalls.count),
            recallP5: percentile(0.05, of: recalls), recallMinimum: recalls[0], qps: pass.qps,
            p50: percentile(0.5, of: spent), p95: percentile(0.95, of: spent), p99: percentile(0.99, of: spent), buildSeconds: buildSeconds,
            memoryBytes: contender.memoryBytes, callOverhead: nil)
    }
}

/// Of ascending values, at least one, between the two nearest.
func percentile(_ share: Double, of values: [Double]) -> Double {
    let place = share * Double(values.count - 1)
    let (below, above) = (Int(place), min(Int(place) + 1, values.count - 1))
    return values[below] + (values[above] - values[below]) * (place - Double(below))
}
