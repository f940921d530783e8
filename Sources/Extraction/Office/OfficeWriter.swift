/// The document being written, within the budget of its reading.
struct OfficeWriter {
    private var builder = DocumentBuilder()
    private let budget: ReadingBudget
    /// The words of the first heading.
    private(set) var firstHeading: String?

    /// Words of a heading are carried in front of every passage below it; a whole paragraph set as a heading is cut here.
    private static let longestHeading = 200

    init(budget: ReadingBudget) {
        self.budget = budget
    }

    /// - Parameter indentation: columns in front of an item of a nested list.
    mutating func append(_ kind: Block.Kind, _ text: String, indentation: Int = 0) throws(ExtractionError) {
        try budget.write(text.utf8.count + 2)
        var heading: String?
        if case .heading = kind {
            heading = Self.words(of: text)
            if firstHeading == nil, heading?.isEmpty == false { firstHeading = heading }
        }
        builder.append(kind, text, headingText: heading, indentation: indentation)
    }

    /// A table without the columns in which nothing stands. Its first row holds the titles.
    mutating func appendTable(_ rows: [[String]]) throws(ExtractionError) {
        let width = rows.map(\.count).max() ?? 0
        // Every row is filled up to the widest.
        try budget.write(rows.count * width * 3)
        var isUsed = [Bool](repeating: false, count: width)
        for row in rows {
            for (column, text) in row.enumerated() where !isUsed[column] { isUsed[column] = !text.allSatisfy(\.isWhitespace) }
        }
        try budget.write(rows.reduce(0) { $0 + $1.reduce(0) { $0 + $1.utf8.count } })
        builder.appendTable(rows.map { row in row.indices.filter { isUsed[$0] }.map { row[$0] } })
    }

    /// Page `number`, from 1, begins.
    mutating func beginPage(_ number: Int) {
        builder.beginPage(number)
    }

    func document(_ kind: OfficeKind, title: String?) -> ExtractedDocument {
        builder.document(kind.mediaType, title: title)
    }

    private static func words(of text: String) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return String(String.UnicodeScalarView(line.unicodeScalars.prefix(longestHeading)))
    }
}
