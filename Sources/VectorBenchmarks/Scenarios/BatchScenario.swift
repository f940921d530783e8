extension ScenarioMeasurement {
    /// Queries of the batch.
    private static let batchQueries = 1000

    /// One call with 1,000 queries on all cores, and the same queries one at a time on as many threads.
    func batch(_ contender: IndexContender) async throws -> BatchFigures {
        let cores = availableCores().count
        let everywhere = BenchmarkProtocol(threads: cores, batch: Self.batchQueries)
        let threads = try await everywhere.single(contender, bank.queries, Self.effort)
        let batch = try await everywhere.batched(contender, bank.queries, Self.effort)
        return BatchFigures(
            queries: Self.batchQueries, cores: cores, recall: recall(of: batch, contender), qps: batch.qps,
            threads: SearchFigures(threads, recall: recall(of: threads, contender)))
    }

    private func recall(of pass: TimedPass<IndexContender.Answer>, _ contender: IndexContender) -> Double {
        let recalls = bank.recalls(of: pass.answers.map { contender.rows(of: $0) })
        return recalls.reduce(0, +) / Double(recalls.count)
    }
}
