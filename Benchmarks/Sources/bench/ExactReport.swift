import Foundation

/// The figures of one run and what follows from them.
struct ExactReport: Codable {
    let rows: Int
    let dimensions: Int
    let k: Int
    let seed: UInt64
    let queries: Int
    let batch: Int
    let threads: Int
    let machine: Machine
    let insertSeconds: Double
    /// Ascending.
    let singleSeconds: [Double]
    /// Ascending; of passes over `passBytes` of memory between the queries.
    let passSeconds: [Double]
    let passBytes: Int
    /// All queries by each of `threads` threads.
    let parallelSeconds: Double
    /// As many passes by each of `threads` threads.
    let parallelPassSeconds: Double
    let batchSeconds: Double

    private var queryBytes: Double { Double(rows * dimensions * 4) }
    private var singleQueriesPerSecond: Double { Double(queries) / singleSeconds.reduce(0, +) }
    private var parallelQueriesPerSecond: Double { Double(queries * threads) / parallelSeconds }
    private var batchQueriesPerSecond: Double { Double(batch) / batchSeconds }
    private var batchFlops: Double { 2 * Double(rows * dimensions) * batchQueriesPerSecond }

    /// Bytes a second.
    private var medianScan: Double { queryBytes / percentile(0.5, of: singleSeconds) }
    private var medianPass: Double { Double(passBytes) / percentile(0.5, of: passSeconds) }
    private var fastestScan: Double { queryBytes / singleSeconds[0] }
    private var fastestPass: Double { Double(passBytes) / passSeconds[0] }
    private var parallelScan: Double { queryBytes * parallelQueriesPerSecond }
    private var parallelPass: Double { Double(passBytes * queries * threads) / parallelPassSeconds }

    /// Nearest-rank percentile of ascending values.
    private func percentile(_ share: Double, of values: [Double]) -> Double {
        values[max(0, Int((share * Double(values.count)).rounded(.up)) - 1)]
    }

    private func milliseconds(_ share: Double) -> String {
        number(percentile(share, of: singleSeconds) * 1e3, 2)
    }

    private var lines: [(String, String)] {
        [
            ("single query p50 / p95 / p99, 1 thread", "\(milliseconds(0.5)) / \(milliseconds(0.95)) / \(milliseconds(0.99)) ms"),
            ("single query rate, 1 thread", "\(number(singleQueriesPerSecond, 0)) queries/s"),
            ("single query rate, \(threads) threads", "\(number(parallelQueriesPerSecond, 0)) queries/s"),
            ("memory read at p50, 1 thread", share(medianScan, of: medianPass)),
            ("memory read by the fastest query, 1 thread", share(fastestScan, of: fastestPass)),
            ("memory read, \(threads) threads", share(parallelScan, of: parallelPass)),
            (
                "batch of \(batch) by matrix product, 1 thread",
                "\(number(batchQueriesPerSecond, 0)) queries/s, \(number(batchFlops / 1e9, 1)) GFLOP/s"
            ),
            ("insert in batches of 1000", "\(number(Double(rows) / insertSeconds, 0)) rows/s"),
        ]
    }

    private func share(_ rate: Double, of bound: Double) -> String {
        "\(number(rate / 1e9, 1)) GB/s, bound \(number(bound / 1e9, 1)) GB/s (\(number(100 * rate / bound, 0)) %)"
    }

    private var setting: String {
        "\(rows) rows × \(dimensions) float32, k = \(k), \(queries) queries, seed \(seed)"
    }

    private var place: String {
        "\(machine.processor), \(machine.cores) cores; \(machine.blas); load \(number(machine.load, 2)) at the start"
    }

    /// For a terminal.
    var table: String {
        let width = lines.map(\.0.count).max() ?? 0
        let body = lines.map { "  \($0.0.padding(toLength: width, withPad: " ", startingAt: 0))  \($0.1)" }
        return (["Exact search: \(setting)", place] + body).joined(separator: "\n")
    }

    var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            return try encoder.encode(self)
        }
    }

    /// The page for the results folder.
    func markdown(command: String, picture: String) -> String {
        let body = lines.map { "| \($0.0) | \($0.1) |" }.joined(separator: "\n")
        return """
            # Exact search

            \(setting). \(place).

            ```
            \(command)
            ```

            | | |
            |---|---|
            \(body)

            A query reads every row once. The bound is a plain sequential read of as many bytes, made after each query in the same run.

            ![Exact search against the memory's speed](\(picture))

            """
    }

    /// Rates against their bounds, as bars.
    var picture: String {
        let bars = [
            BarPicture.Bar(label: "memory, 1 thread", value: medianPass / 1e9, isBound: true),
            BarPicture.Bar(label: "search, 1 thread", value: medianScan / 1e9, isBound: false),
            BarPicture.Bar(label: "memory, \(threads) threads", value: parallelPass / 1e9, isBound: true),
            BarPicture.Bar(label: "search, \(threads) threads", value: parallelScan / 1e9, isBound: false),
        ]
        let latency = "p50 \(milliseconds(0.5)) ms, p99 \(milliseconds(0.99)) ms, 1 thread"
        return BarPicture(title: "Exact search of \(rows) × \(dimensions) float32: \(latency)", unit: "GB/s", bars: bars).svg
    }

    private func number(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }
}
