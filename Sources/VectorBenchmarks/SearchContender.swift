import VectorDatasets

/// A way to search that can be measured beside others: an index with the rows of a base, each known by its number.
public protocol SearchContender: Sendable {
    /// What is turned between fast and exact.
    associatedtype Setting: Sendable
    /// What a search gives, before anybody looks at it.
    associatedtype Answer: Sendable

    /// Its name in tables and pictures.
    var system: String { get }
    /// Memory it holds, rows included, in bytes.
    var memoryBytes: Int { get }
    /// Settings to measure, from the fastest to the most exact, each with the parameters that name it.
    var settings: [(parameters: [String: BenchmarkResult.Parameter], setting: Setting)] { get }

    /// The nearest rows of one query. This alone is timed.
    func search(_ query: [Float], k: Int, _ setting: Setting) throws -> Answer
    /// The nearest rows of many queries at once, on at most `threads` threads. This alone is timed.
    func searchBatch(_ queries: [[Float]], k: Int, threads: Int, _ setting: Setting) throws -> [Answer]
    /// The numbers of an answer's rows, best first. Not timed.
    func rows(of answer: Answer) -> [Int]
}
