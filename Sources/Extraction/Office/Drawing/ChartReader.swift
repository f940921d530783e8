/// Reads a chart: its title, and its numbers as a table with a row for each category and a column for each series.
struct ChartReader {
    private struct Series {
        var name = ""
        /// By the number of the point.
        var categories: [Int: String] = [:]
        var values: [Int: String] = [:]
    }

    private let stream: XMLStream
    private var title = ""
    private var series: [Series] = []

    init(_ stream: XMLStream) {
        self.stream = stream
    }

    /// What the chart in `element` says.
    consuming func blocks(in element: XMLElement) throws(ExtractionError) -> [DrawingBlock] {
        try read(element)
        return (title.isEmpty ? [] : [.paragraph(title)]) + (try table().map { [.table($0)] } ?? [])
    }

    private mutating func read(_ element: XMLElement) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            // The first title is the chart's; titles of axes follow.
            case "title" where title.isEmpty && series.isEmpty: title = try DrawingTextReader(stream: stream).text(in: child)
            case "ser": series.append(try readSeries(child))
            case "Fallback": continue
            default: try read(child)
            }
        }
    }

    private func readSeries(_ element: XMLElement) throws(ExtractionError) -> Series {
        var series = Series()
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "tx": series.name = try points(child).sorted { $0.key < $1.key }.map(\.value).joined(separator: " ")
            case "cat", "xVal": series.categories = try points(child)
            case "val", "yVal": series.values = try points(child)
            default: break
            }
        }
        return series
    }

    /// The cached points below `element`: `c:pt` with an index and a `c:v`.
    private func points(_ element: XMLElement) throws(ExtractionError) -> [Int: String] {
        var points: [Int: String] = [:]
        while let child = try stream.nextChild(of: element) {
            if child.name == "v" {
                points[0] = try stream.text(of: child)
            } else if child.name == "pt", let index = stream.attribute("idx").flatMap({ Int($0) }) {
                try stream.budget.keepRecord()
                points[index] = try self.points(child)[0]
            } else {
                points.merge(try self.points(child)) { $1 }
            }
        }
        return points
    }

    private func table() throws(ExtractionError) -> [[String]]? {
        let categories = series.first { !$0.categories.isEmpty }?.categories ?? [:]
        let places = Set(categories.keys).union(series.flatMap(\.values.keys)).sorted()
        guard !places.isEmpty else { return nil }
        // Each series may have points of its own, so that the table can be far larger than what is written.
        try stream.budget.write(places.count * series.count)
        let head = [""] + series.map(\.name)
        return [head] + places.map { place in [categories[place] ?? ""] + series.map { Self.number($0.values[place]) } }
    }

    private static func number(_ value: String?) -> String {
        guard let value else { return "" }
        return Double(value).map { DecimalText($0).general } ?? value
    }
}
