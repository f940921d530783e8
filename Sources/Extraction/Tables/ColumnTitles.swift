/// What the first rows of a table are.
struct ColumnTitles {
    /// Lines above the table: a title, a date of export.
    let preamble: [String]
    /// The titles of the columns: those of the first row, or "Column 1" and so on where that is data.
    let titles: [String]
    /// The rows of the sample that are data.
    let rows: [[String]]

    /// - Parameter sample: the first rows, at least one, blank ones left out.
    init(_ sample: [[String]]) {
        let filled = sample.map { row in row.count { !$0.isEmpty } }
        let usual = filled.sorted()[filled.count / 2]
        let isLead = usual > 1 ? filled.prefix(5).prefix { $0 == 1 }.count : 0
        preamble = sample[..<isLead].compactMap { row in row.first { !$0.isEmpty } }
        let table = Array(sample[isLead...])
        let first = table.first ?? []
        if Self.isData(first, followedBy: table.dropFirst()) {
            let width = table.map(\.count).max() ?? 0
            titles = (1...max(1, width)).map { "Column \($0)" }
            rows = table
        } else {
            titles = first
            rows = Array(table.dropFirst())
        }
    }

    /// Whether `first` has values where the rows below have them; a title stands above values without being one, as a year may.
    private static func isData(_ first: [String], followedBy rows: ArraySlice<[String]>) -> Bool {
        var (asTitle, asData) = (0, 0)
        for (column, cell) in first.enumerated() where !cell.isEmpty {
            let below = rows.compactMap { column < $0.count && !$0[column].isEmpty ? $0[column] : nil }
            let isValueColumn = below.count(where: isValue) * 2 > below.count
            if isValue(cell), !isYear(cell) || below.allSatisfy(isYear) {
                if isValueColumn || below.isEmpty { asData += 1 }
            } else if isValueColumn {
                asTitle += 1
            }
        }
        return asData > asTitle
    }

    /// A number, date, time, amount or address of mail: digits with the marks that stand among them.
    private static func isValue(_ cell: String) -> Bool {
        let digits = cell.unicodeScalars.count { $0.properties.numericType != nil }
        if digits == 0 { return cell.contains("@") && !cell.contains(" ") }
        return cell.unicodeScalars.allSatisfy { $0.properties.numericType != nil || " .,:;/-+%()'eETZ$€£¥₩".unicodeScalars.contains($0) }
    }

    private static func isYear(_ cell: String) -> Bool {
        Int(cell).map { (1800...2200).contains($0) } == true
    }
}
