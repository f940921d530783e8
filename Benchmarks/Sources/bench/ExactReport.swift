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
    let parallelQueriesPerSecond: Double
    let batchSeconds: Double
    /// Bytes a second.
    let streamOneThread: Double
    let streamAllThreads: Double

    var bytesPerQuery: Double { Double(rows * dimensions * 4) }
    var singleQueriesPerSecond: Double { Double(singleSeconds.count) / singleSeconds.reduce(0, +) }
    var scanOneThread: Double { bytesPerQuery / percentile(0.5) }
    var scanAllThreads: Double { bytesPerQuery * parallelQueriesPerSecond }
    var batchQueriesPerSecond: Double { Double(batch) / batchSeconds }
    var batchFlops: Double { 2 * Double(rows * dimensions) * batchQueriesPerSecond }

    /// Nearest-rank percentile of the single-query latencies, in seconds.
    func percentile(_ share: Double) -> Double {
        singleSeconds[max(0, Int((share * Double(singleSeconds.count)).rounded(.up)) - 1)]
    }

    private var lines: [(String, String)] {
        let milliseconds = [0.5, 0.95, 0.99].map { number(percentile($0) * 1e3, 2) }
        return [
            ("single query p50 / p95 / p99, 1 thread", "\(milliseconds.joined(separator: " / ")) ms"),
            ("single query rate, 1 thread", "\(number(singleQueriesPerSecond, 0)) queries/s"),
            ("single query rate, \(threads) threads", "\(number(parallelQueriesPerSecond, 0)) queries/s"),
            ("rows read by the fastest query, 1 thread", share(bytesPerQuery / singleSeconds[0], of: streamOneThread)),
            ("rows read at p50, 1 thread", share(scanOneThread, of: streamOneThread)),
            ("rows read, \(threads) threads", share(scanAllThreads, of: streamAllThreads)),
            (
                "batch of \(batch) by matrix product, 1 thread",
                "\(number(batchQueriesPerSecond, 0)) queries/s, \(number(batchFlops / 1e9, 1)) GFLOP/s"
            ),
            ("insert in batches of 1000", "\(number(Double(rows) / insertSeconds, 0)) rows/s"),
        ]
    }

    private func share(_ rate: Double, of bound: Double) -> String {
        "\(number(rate / 1e9, 1)) GB/s of \(number(bound / 1e9, 1)) GB/s memory reads (\(number(100 * rate / bound, 0)) %)"
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

            The bound is this machine's rate of sequential reads, measured before and after in the same run: a query reads every row once.

            ![Exact search against the memory's speed](\(picture))

            """
    }

    /// Rates against their bounds, as bars.
    var picture: String {
        let bars = [
            BarPicture.Bar(label: "memory, 1 thread", value: streamOneThread / 1e9, isBound: true),
            BarPicture.Bar(label: "search, 1 thread", value: scanOneThread / 1e9, isBound: false),
            BarPicture.Bar(label: "memory, \(threads) threads", value: streamAllThreads / 1e9, isBound: true),
            BarPicture.Bar(label: "search, \(threads) threads", value: scanAllThreads / 1e9, isBound: false),
        ]
        let latency = "p50 \(number(percentile(0.5) * 1e3, 2)) ms, p99 \(number(percentile(0.99) * 1e3, 2)) ms, 1 thread"
        return BarPicture(title: "Exact search of \(rows) × \(dimensions) float32: \(latency)", unit: "GB/s", bars: bars).svg
    }

    private func number(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }
}
