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
    /// What was measured of our own index beside the sweep.
    public var scenarios: ScenarioFigures

    public init(
        dataset: String, rows: Int, dimensions: Int, machine: String, results: [BenchmarkResult],
        scenarios: ScenarioFigures = ScenarioFigures()
    ) {
        self.dataset = dataset
        self.rows = rows
        self.dimensions = dimensions
        self.machine = machine
        self.results = results
        self.scenarios = scenarios
    }

    enum CodingKeys: String, CodingKey {
        case dataset, rows, dimensions, machine, results, scenarios, asked
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(dataset, forKey: .dataset)
        try container.encode(rows, forKey: .rows)
        try container.encode(dimensions, forKey: .dimensions)
        try container.encode(machine, forKey: .machine)
        try container.encode(results, forKey: .results)
        try container.encode(scenarios, forKey: .scenarios)
        try container.encode(asked, forKey: .asked)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            dataset: try container.decode(String.self, forKey: .dataset), rows: try container.decode(Int.self, forKey: .rows),
            dimensions: try container.decode(Int.self, forKey: .dimensions), machine: try container.decode(String.self, forKey: .machine),
            results: try container.decode([BenchmarkResult].self, forKey: .results),
            // Reports of earlier versions have none.
            scenarios: try container.decodeIfPresent(ScenarioFigures.self, forKey: .scenarios) ?? ScenarioFigures())
    }

    static let recalls = [0.9, 0.95, 0.99]

    /// The report as a page. `command` is what was run, `picture` the name of the file beside it.
    public func markdown(command: String, picture: String?) -> String {
        var page = [
            "# \(rows) rows × \(dimensions), \(dataset)", "", "\(machine).", "", "```", command, "```", "",
        ]
        page += askedTable
        page += [
            "", "## Beside other systems", "",
            "Queries a second at a recall, interpolated on each system's Pareto front, one query at a time:", "",
        ]
        page += rateTable(ParetoFront.fronts(of: results))
        let batches = ParetoFront.fronts(of: results, batch: true)
        if !batches.isEmpty { page += ["", "The same by batches:", ""] + rateTable(batches) }
        page += ["", "The fastest setting that reaches 0.95:", ""] + settingTable(ParetoFront.fronts(of: results))
        page += scenarioTables
        if let picture { page += ["", "![Recall and speed, latencies, build time and memory](\(picture))"] }
        return page.joined(separator: "\n") + "\n"
    }

    private var askedTable: [String] {
        guard !asked.isEmpty else { return [] }
        let head = [
            "## Asked and reached", "",
            "A verdict in parentheses comes from another number of rows, threads or cores than the figure is asked for.", "",
            "| what | asked, for | reached | |", "|---|---|---:|---|",
        ]
        return head
            + asked.map { figure in
                let sign = figure.bound == .atMost ? "≤" : "≥"
                let bound = figure.asked.map { "\(sign) \(figure.formatted($0)), \(figure.asks)" } ?? "–"
                let verdict = figure.isMet.map { $0 ? "yes" : "**no**" } ?? ""
                let cells = [
                    figure.what, bound, figure.formatted(figure.reached),
                    figure.isAsAsked || verdict.isEmpty ? verdict : "(\(verdict))",
                ]
                return "| \(cells.joined(separator: " | ")) |"
            }
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
