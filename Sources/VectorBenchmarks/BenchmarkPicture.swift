import Foundation

/// The pictures of a run in one SVG: recall against speed, latencies, build time and memory.
public struct BenchmarkPicture {
    private static let width = 960.0
    private static let margin = 70.0
    private static let palette = [
        "#e07a1f", "#7a5195", "#3a9d5d", "#c8426b", "#8c6d31", "#17a2b8", "#6b7280", "#b5651d", "#5c7cfa", "#a3a500", "#d6336c", "#495057",
    ]
    private static let own = "#0b3c6f"
    /// The axis of recall ends here.
    private static let leastMissed = 0.001

    private let report: BenchmarkReport
    private let fronts: [ParetoFront]
    private let colours: [String: String]

    public init(_ report: BenchmarkReport) {
        self.report = report
        fronts = ParetoFront.fronts(of: report.results)
        var colours: [String: String] = [:]
        var next = 0
        for front in fronts {
            let isOurs = front.system.hasPrefix("bunko")
            colours[front.system] = isOurs && !colours.values.contains(Self.own) ? Self.own : Self.palette[next % Self.palette.count]
            if !isOurs { next += 1 }
        }
        self.colours = colours
    }

    /// The picture as a file.
    public var svg: String {
        var parts: [String] = []
        var top = 60.0
        for panel in [speedPanel, latencyPanel, buildPanel, memoryPanel, filterPanel, partitionPanel, churnPanel, promisePanel] {
            let (height, drawing) = panel(top)
            parts.append(drawing)
            top += height
        }
        let title = "\(report.rows) rows × \(report.dimensions), \(report.dataset)"
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(top) + 10)" font-family="sans-serif" font-size="13">
            <title>\(escaped(title))</title>
            <rect width="100%" height="100%" fill="#ffffff"/>
            <text x="20" y="28" font-size="17" fill="#1b1b1b">\(escaped(title))</text>
            <text x="20" y="47" fill="#555555">\(escaped(report.machine))</text>
            \(parts.joined(separator: "\n"))
            </svg>

            """
    }

    // MARK: - Recall against queries a second

    private func speedPanel(_ top: Double) -> (Double, String) {
        let height = 420.0
        let points = fronts.flatMap(\.results)
        let lowest = max(0.5, min(0.9, (points.map(\.recall).filter { $0 >= 0.8 }.min() ?? 0.9)))
        let rates = points.filter { $0.recall >= lowest }.map(\.qps)
        let decades = (floor(log10(rates.min() ?? 1)), ceil(log10(rates.max() ?? 10) + 0.01))
        let (left, right, bottom) = (Self.margin, Self.width - 230, top + height - 50)
        // What is missed, on a logarithmic axis: the step from 0.99 to 0.995 is as hard as that from 0.90 to 0.95.
        func missed(_ recall: Double) -> Double { -log10(max(1 - recall, Self.leastMissed)) }
        func x(_ recall: Double) -> Double { left + (missed(recall) - missed(lowest)) / (missed(1) - missed(lowest)) * (right - left) }
        func y(_ qps: Double) -> Double { bottom - (log10(qps) - decades.0) / (decades.1 - decades.0) * (bottom - top - 30) }
        var parts = [heading("Queries a second (log) by recall@\(points.first?.k ?? 10), one query at a time", top)]
        for decade in Int(decades.0)...Int(decades.1) {
            let value = pow(10, Double(decade))
            parts.append(line(left, y(value), right, y(value), "#d5d8dc"))
            parts.append(text(left - 8, y(value) + 4, shortened(value), anchor: "end"))
        }
        for tick in [0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 1] where tick >= lowest {
            parts.append(line(x(tick), top + 30, x(tick), bottom, "#eceff1"))
            let label = tick == 1 ? "≥ 0.999" : number(tick, tick > 0.99 ? 3 : 2)
            parts.append(text(x(tick), bottom + 18, label, anchor: "middle"))
        }
        for (index, front) in fronts.enumerated() {
            let colour = colours[front.system] ?? Self.own
            let shown = front.results.filter { $0.recall >= lowest }
            let path = shown.map { "\(number(x($0.recall), 1)),\(number(y($0.qps), 1))" }.joined(separator: " ")
            let stroke = front.system.hasPrefix("bunko") ? 3.0 : 1.6
            parts.append("<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"\(stroke)\"/>")
            for result in shown {
                parts.append(
                    "<circle cx=\"\(number(x(result.recall), 1))\" cy=\"\(number(y(result.qps), 1))\" r=\"3\" fill=\"\(colour)\">"
                        + "<title>\(escaped("\(front.system): \(result.setting); recall \(number(result.recall, 4)), \(number(result.qps, 0)) QPS"))</title></circle>"
                )
            }
            let legend = top + 40 + Double(index) * 20
            parts.append("<rect x=\"\(right + 14)\" y=\"\(legend - 9)\" width=\"12\" height=\"12\" fill=\"\(colour)\"/>")
            parts.append(text(right + 32, legend + 1, front.system))
        }
        return (max(height, 60 + Double(fronts.count) * 20), parts.joined(separator: "\n"))
    }

    // MARK: - Bars

    private func latencyPanel(_ top: Double) -> (Double, String) {
        let best = fronts.compactMap { front in front.fastest(reaching: 0.95).map { (front.system, $0) } }
        return bars(
            "Latency in µs (log) of the fastest setting with recall ≥ 0.95: p50, p95, p99", top, isLogarithmic: true,
            best.map { system, result in (system, [result.p50, result.p95, result.p99]) })
    }

    private func buildPanel(_ top: Double) -> (Double, String) {
        bars("Build, seconds", top, isLogarithmic: false, perSystem { $0.buildSeconds })
    }

    private func memoryPanel(_ top: Double) -> (Double, String) {
        bars("Memory, MB", top, isLogarithmic: false, perSystem { Double($0.memoryBytes) / 1e6 })
    }

    /// A figure of the build that serves recall 0.95 best, or else of the most exact one.
    private func perSystem(_ figure: (BenchmarkResult) -> Double) -> [(String, [Double])] {
        fronts.compactMap { front in
            (front.fastest(reaching: 0.95) ?? front.results.last).map { (front.system, [figure($0)]) }
        }
    }

    // MARK: - Scenarios

    private func filterPanel(_ top: Double) -> (Double, String) {
        let plain = report.scenarios.unfiltered.map { [("no filter", [$0.p50, $0.p99])] } ?? []
        return ifAny(
            "Filtered search (its recall): p50, p99 in µs (log)", top,
            plain
                + report.scenarios.filters.map {
                    (
                        "\(number($0.share * 100, 0)) %, \($0.layout.rawValue) (\(number($0.search.recall, 3)))",
                        [$0.search.p50, $0.search.p99]
                    )
                })
    }

    private func partitionPanel(_ top: Double) -> (Double, String) {
        ifAny(
            "Small partitions: p50, p99 in µs (log)", top,
            report.scenarios.partitions.map { ("\($0.rows) rows (\(number($0.search.recall, 3)))", [$0.search.p50, $0.search.p99]) })
    }

    private func churnPanel(_ top: Double) -> (Double, String) {
        let idle = report.scenarios.churn.map { [("idle", [$0.idle.p50, $0.idle.p99])] } ?? []
        return ifAny(
            "Search while rows are replaced: p50, p99 in µs (log)", top,
            idle + (report.scenarios.churn?.steps ?? []).map { ("batches of \($0.batch)", [$0.p50, $0.p99]) })
    }

    private func promisePanel(_ top: Double) -> (Double, String) {
        ifAny(
            "Neighbours missed (log): share that was, and share that may be by the recall asked for", top,
            report.promised.map { ("recall \(number($0.promised, 4))", [1 - $0.result.recall, 1 - $0.promised]) }, digits: 4)
    }

    /// Bars on a logarithmic axis, or nothing where nothing was measured.
    private func ifAny(_ title: String, _ top: Double, _ rows: [(String, [Double])], digits: Int? = nil) -> (Double, String) {
        rows.isEmpty ? (0, "") : bars(title, top, isLogarithmic: true, rows, digits: digits)
    }

    /// A bar for each figure of a row, the first one darkest; values are shown with so many digits, or as many as are worth reading.
    private func bars(
        _ title: String, _ top: Double, isLogarithmic: Bool, _ rows: [(String, [Double])], digits: Int? = nil
    ) -> (Double, String) {
        let (left, longest) = (240.0, Self.width - 240 - 180)
        let thickness = 18.0
        let values = rows.flatMap(\.1).filter { $0 > 0 }
        let low = isLogarithmic ? log10(values.min() ?? 1) - 0.3 : 0
        let high = max(low + 1e-9, isLogarithmic ? log10(values.max() ?? 10) : values.max() ?? 1)
        func length(_ value: Double) -> Double {
            value > 0 ? max(1, ((isLogarithmic ? log10(value) : value) - low) / (high - low) * longest) : 0
        }
        var parts = [heading(title, top)]
        var y = top + 34
        for (system, figures) in rows {
            let colour = colours[system] ?? Self.own
            parts.append(text(left - 8, y + 13, system, anchor: "end"))
            for (index, figure) in figures.enumerated().reversed() {
                let opacity = [1, 0.55, 0.3][min(index, 2)]
                parts.append(
                    "<rect x=\"\(left)\" y=\"\(number(y, 1))\" width=\"\(number(length(figure), 1))\" height=\"\(thickness)\" "
                        + "fill=\"\(colour)\" fill-opacity=\"\(opacity)\"/>")
            }
            let label = figures.map { number($0, digits ?? ($0 < 10 ? 1 : 0)) }.joined(separator: " / ")
            parts.append(text(left + length(figures.max() ?? 0) + 6, y + 13, label))
            y += thickness + 6
        }
        return (y - top + 24, parts.joined(separator: "\n"))
    }

    // MARK: - Marks

    private func heading(_ title: String, _ top: Double) -> String {
        "<text x=\"20\" y=\"\(number(top + 18, 1))\" font-size=\"15\" fill=\"#1b1b1b\">\(escaped(title))</text>"
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String) -> String {
        "<line x1=\"\(number(x1, 1))\" y1=\"\(number(y1, 1))\" x2=\"\(number(x2, 1))\" y2=\"\(number(y2, 1))\" stroke=\"\(colour)\"/>"
    }

    private func text(_ x: Double, _ y: Double, _ content: String, anchor: String = "start") -> String {
        "<text x=\"\(number(x, 1))\" y=\"\(number(y, 1))\" text-anchor=\"\(anchor)\" fill=\"#1b1b1b\">\(escaped(content))</text>"
    }

    private func shortened(_ value: Double) -> String {
        value >= 1000 ? "\(number(value / 1000, 0))k" : number(value, value < 1 ? 1 : 0)
    }

    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}
