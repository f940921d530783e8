import Foundation

/// Rows in columns as wide as their widest cell; the first column to the left, numbers to the right.
struct TextTable {
    private let rows: [[String]]

    init(_ header: [String], _ rows: [[String]]) {
        self.rows = [header] + rows
    }

    func print() {
        for line in lines { Output.line(line) }
    }

    var lines: [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let numeric = rows[0].indices.map { column in rows.dropFirst().allSatisfy { $0[column].first?.isNumber == true } }
        return rows.map { row in
            let cells = row.indices.map { column in
                let gap = String(repeating: " ", count: widths[column] - row[column].count)
                return numeric[column] ? gap + row[column] : row[column] + gap
            }
            return cells.joined(separator: "  ").replacing(/\ +$/, with: "")
        }
    }

    /// Bytes in the unit that leaves the fewest digits.
    static func size(_ bytes: Int) -> String {
        var value = Double(bytes)
        var unit = "B"
        for next in ["KiB", "MiB", "GiB", "TiB"] where value >= 1_024 {
            value /= 1_024
            unit = next
        }
        return unit == "B" ? "\(bytes) B" : "\(value.formatted(.number.precision(.fractionLength(1)).grouping(.never))) \(unit)"
    }
}
