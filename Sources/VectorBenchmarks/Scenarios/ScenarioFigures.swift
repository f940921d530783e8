/// What the scenarios of a run gave: `scenarios` in the form of `bench --json`. Those that were not measured are missing or empty.
public struct ScenarioFigures: Codable, Sendable, Equatable {
    public var build: BuildFigures?
    public var batch: BatchFigures?
    public var churn: ChurnFigures?
    public var partitions: [PartitionFigures] = []
    /// The same queries without a filter, then the filters.
    public var unfiltered: SearchFigures?
    public var filters: [FilterFigures] = []

    /// None yet.
    public init() {}
}

/// Recall and speed of one setting.
public struct SearchFigures: Codable, Sendable, Equatable {
    /// Mean over the queries.
    public var recall: Double
    /// Queries a second.
    public var qps: Double
    /// Microseconds of a query.
    public var p50: Double
    public var p99: Double

    enum CodingKeys: String, CodingKey {
        case recall, qps
        case p50 = "p50_us"
        case p99 = "p99_us"
    }
}

extension SearchFigures {
    init<Answer>(_ pass: TimedPass<Answer>, recall: Double) {
        let spent = pass.spent.map { $0 * 1e6 }.sorted()
        self.init(recall: recall, qps: pass.qps, p50: percentile(0.5, of: spent), p99: percentile(0.99, of: spent))
    }
}

/// What a build took.
public struct BuildFigures: Codable, Sendable, Equatable {
    public var rows: Int
    /// Threads it ran on.
    public var workers: Int
    public var seconds: Double
    /// By how much the process' own memory was larger at its height than before.
    public var peakBytes: Int
    /// What the index says it holds.
    public var indexBytes: Int
    /// The rows as float32.
    public var vectorBytes: Int

    /// Height of the memory in multiples of the rows.
    public var peakRatio: Double { Double(peakBytes) / Double(max(1, vectorBytes)) }
    /// Bytes a row beyond its float32 values.
    public var extraBytesPerRow: Double { Double(indexBytes - vectorBytes) / Double(max(1, rows)) }

    enum CodingKeys: String, CodingKey {
        case rows, workers, seconds
        case peakBytes = "peak_bytes"
        case indexBytes = "index_bytes"
        case vectorBytes = "vector_bytes"
    }
}

/// Batch and threads on all cores.
public struct BatchFigures: Codable, Sendable, Equatable {
    public var queries: Int
    public var cores: Int
    /// Recall of the batch's answers, and queries a second.
    public var recall: Double
    public var qps: Double
    /// Single queries on as many threads.
    public var threads: SearchFigures

    /// Speed of the batch in multiples of the threads'.
    public var ratio: Double { qps / threads.qps }
}

/// Rows replaced while a thread searches.
public struct ChurnFigures: Codable, Sendable, Equatable {
    /// Rows that were live, before and after.
    public var rows: Int
    /// Where the new rows came from.
    public var source: String
    /// While nobody writes, before.
    public var idle: SearchFigures
    public var steps: [Step]

    public struct Step: Codable, Sendable, Equatable {
        /// Share of the first rows that is gone after this step.
        public var replaced: Double
        /// Rows in each insertion, and in each removal.
        public var batch: Int
        /// By one writer on a core of its own, with the splits of lists that they cause.
        public var insertsPerSecond: Double
        public var removalsPerSecond: Double
        /// While it wrote.
        public var p50: Double
        public var p99: Double
        /// Afterwards, against the rows that are live then.
        public var after: SearchFigures

        enum CodingKeys: String, CodingKey {
            case replaced, batch, after
            case insertsPerSecond = "inserts_per_second"
            case removalsPerSecond = "removals_per_second"
            case p50 = "p50_us"
            case p99 = "p99_us"
        }
    }
}

/// A partition of the set's first rows.
public struct PartitionFigures: Codable, Sendable, Equatable {
    public var rows: Int
    public var search: SearchFigures
}

/// Searches that only some of the rows match.
public struct FilterFigures: Codable, Sendable, Equatable {
    /// Which rows match.
    public enum Layout: String, Codable, Sendable, CaseIterable {
        /// Any.
        case random
        /// Those nearest to one of them.
        case clustered
    }

    public var layout: Layout
    /// Share of the rows that was to match, and the rows that do.
    public var share: Double
    public var matched: Int
    /// Answers with fewer than k rows though as many match.
    public var short: Int
    public var search: SearchFigures
}
