import Foundation

/// A whole run in the form of `bench --json`, and what it looks like.
public struct BenchmarkReport: Codable, Sendable {
    /// What was searched.
    public var dataset: String
    public var rows: Int
    public var dimensions: Int
    /// Processor, cores, libraries.
    public var machine: String
    public var results: [BenchmarkResult]

    public init(dataset: String, rows: Int, dimensions: Int, machine: String, results: [BenchmarkResult]) {
        self.dataset = dataset
        self.rows = rows
        self.dimensions = dimensions
        self.machine = machine
        self.results = results
    }

    static let recalls = [0.9, 0.95, 0.99]

    /// The report as a page. `command` is what was run, `picture` the name of the file beside it.
    public func markdown(command: String, picture: String?) -> String {
        var page = [
            "# \(rows) rows × \(dimensions), \(dataset)", "", "\(machine).", "", "```", command, "```", "",
            "Queries a second at a recall, interpolated on each system's Pareto front, one query at a time:", "",
        ]
        page += rateTable(ParetoFront.fronts(of: results))
        let batches = ParetoFront.fronts(of: results, batch: true)
        if !batches.isEmpty { page += ["", "The same by batches:", ""] + rateTable(batches) }
        page += ["", "The fastest setting that reaches 0.95:", ""] + settingTable(ParetoFront.fronts(of: results))
        if let picture { page += ["", "![Recall and speed, latencies, build time and memory](\(picture))"] }
        return page.joined(separator: "\n") + "\n"
    }

    private func rateTable(_ fronts: [ParetoFront]) -> [String] {
        let head = [
            "| system | \(Self.recalls.map { number($0, 2) }.joined(separator: " | ")) | best recall |", "|---|---:|---:|---:|---:|",
        ]
        return head
            + fronts.map { front in
                let rates = Self.recalls.map { recall in front.qps(at: recall).map { number($0, 0) } ?? "–" }
                return "| \(front.system) | \(rates.joined(separator: " | ")) | \(number(front.results.last?.recall ?? 0, 4)) |"
            }
    }

    private func settingTable(_ fronts: [ParetoFront]) -> [String] {
        let head = [
            "| system | setting | recall (p5, min) | QPS | p50 / p95 / p99 µs | build s | memory MB | call µs |",
            "|---|---|---|---:|---|---:|---:|---:|",
        ]
        return head
            + fronts.compactMap { front in
                guard let best = front.fastest(reaching: 0.95) else { return nil }
                let spread = [best.recallP5, best.recallMinimum].compactMap { $0.map { number($0, 2) } }.joined(separator: ", ")
                let cells = [
                    front.system, best.setting, "\(number(best.recall, 4)) (\(spread))", number(best.qps, 0),
                    [best.p50, best.p95, best.p99].map { number($0, 0) }.joined(separator: " / "), number(best.buildSeconds, 1),
                    number(Double(best.memoryBytes) / 1e6, 0), best.callOverhead.map { number($0, 1) } ?? "–",
                ]
                return "| \(cells.joined(separator: " | ")) |"
            }
    }
}

func number(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
}
