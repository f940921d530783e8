import Foundation

/// A picture of horizontal bars with their values, in SVG.
struct BarPicture {
    struct Bar {
        let label: String
        let value: Double
        /// A limit that other bars are compared with: drawn in grey.
        let isBound: Bool
    }

    let title: String
    let unit: String
    let bars: [Bar]

    private static let barHeight = 28
    private static let left = 160.0
    private static let longest = 420.0

    var svg: String {
        let height = 60 + bars.count * (Self.barHeight + 10)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 \(height)" font-family="sans-serif" font-size="14">
            <title>\(escaped(title))</title>
            <rect width="700" height="\(height)" fill="#ffffff"/>
            <text x="20" y="30" font-size="16" fill="#1b1b1b">\(escaped(title))</text>
            \(bars.indices.map(element).joined(separator: "\n"))
            </svg>

            """
    }

    private func element(_ index: Int) -> String {
        let bar = bars[index]
        let top = 50 + index * (Self.barHeight + 10)
        let baseline = top + 19
        let length = Self.longest * bar.value / max(bars.map(\.value).max() ?? 1, .leastNonzeroMagnitude)
        let end = String(format: "%.1f", Self.left + length + 8)
        return """
            <text x="\(Self.left - 10)" y="\(baseline)" text-anchor="end" fill="#1b1b1b">\(escaped(bar.label))</text>
            <rect x="\(Self.left)" y="\(top)" width="\(String(format: "%.1f", length))" height="\(Self.barHeight)" \
            fill="\(bar.isBound ? "#b8bdc4" : "#1f6f8b")"/>
            <text x="\(end)" y="\(baseline)" fill="#1b1b1b">\(String(format: "%.1f", bar.value)) \(escaped(unit))</text>
            """
    }

    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    }
}
