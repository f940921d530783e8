/// One pass over some queries.
struct TimedPass<Answer: Sendable>: Sendable {
    /// From the first query's start to the last one's end; for one thread the sum of the queries' own times.
    var seconds: Double
    /// Of each query, in no order; of a batch one value, its share.
    var spent: [Double]
    /// In the order of the queries.
    var answers: [Answer]

    /// Queries a second.
    var qps: Double { Double(answers.count) / seconds }
}

/// Queries as a measurement takes them.
struct QuerySet: Sendable {
    /// Those that are measured.
    var measured: [[Float]]
    /// Others.
    let warmUp: [[Float]]
    /// Neighbours asked for.
    let k: Int

    /// The first of them.
    func limited(to count: Int) -> QuerySet {
        QuerySet(measured: Array(measured.prefix(count)), warmUp: warmUp, k: k)
    }
}
