import Foundation

/// A report as a picture: a bar for each arm's nDCG@10, with its interval.
public struct EvaluationPicture {
    private static let barHeight = 26.0
    private static let labelWidth = 90.0
    private static let plotWidth = 460.0
    private static let top = 54.0

    private let report: EvaluationReport
    private let order: [String]

    /// - Parameter order: the arms, from top to bottom; those that the report has not are left out.
    public init(_ report: EvaluationReport, order: [String]) {
        self.report = report
        self.order = order.filter { report.arms[$0] != nil }
    }

    /// The picture as SVG.
    public var svg: String {
        let height = Self.top + Double(order.count) * (Self.barHeight + 10) + 34
        let width = Self.labelWidth + Self.plotWidth + 90
        let bars = order.enumerated().map { bar($1, at: Self.top + Double($0) * (Self.barHeight + 10)) }.joined(separator: "\n")
        let ticks = stride(from: 0.0, through: 1.0, by: 0.2).map { tick($0, height: height) }.joined(separator: "\n")
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height))" font-family="sans-serif" font-size="13">
            <rect width="100%" height="100%" fill="white"/>
            <text x="12" y="22" font-size="15" font-weight="bold">\(escaped(report.dataset)): nDCG@10</text>
            <text x="12" y="40" fill="#666">\(report.questions) questions, \(report.passages) passages\
            \(escaped(report.model.map { ", \($0)" } ?? ""))</text>
            \(ticks)
            \(bars)
            </svg>

            """
    }

    private func x(_ value: Double) -> Double { Self.labelWidth + value * Self.plotWidth }

    private func tick(_ value: Double, height: Double) -> String {
        """
        <line x1="\(number(x(value)))" y1="\(number(Self.top - 6))" x2="\(number(x(value)))" y2="\(number(height - 26))" stroke="#ddd"/>
        <text x="\(number(x(value)))" y="\(number(height - 10))" text-anchor="middle" fill="#666">\(String(format: "%.1f", value))</text>
        """
    }

    private func bar(_ name: String, at y: Double) -> String {
        let value = report.arms[name]?.metrics["ndcg@10"] ?? 0
        let interval = report.arms[name]?.ci95["ndcg@10"] ?? [value, value]
        let middle = y + Self.barHeight / 2
        return """
            <text x="\(number(Self.labelWidth - 8))" y="\(number(middle + 5))" text-anchor="end">\(escaped(name))</text>
            <rect x="\(number(Self.labelWidth))" y="\(number(y))" width="\(number(value * Self.plotWidth))" height="\(number(Self.barHeight))" \
            fill="\(name == "fusion" ? "#2b6cb0" : "#a0aec0")"/>
            <line x1="\(number(x(interval[0])))" y1="\(number(middle))" x2="\(number(x(interval[1])))" y2="\(number(middle))" stroke="black"/>
            <text x="\(number(x(max(value, interval[1])) + 8))" y="\(number(middle + 5))">\(String(format: "%.3f", value))</text>
            """
    }

    private func number(_ value: Double) -> String { String(format: "%.1f", value) }

    private func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }
}
