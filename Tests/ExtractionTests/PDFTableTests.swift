import Testing

@testable import Extraction

@Suite struct PDFTableTests {
    private static let rows = [
        ["Revenue", "1,200", "1,100"], ["Cost of goods sold", "(700)", "(650)"], ["Gross profit", "500", "450"], ["Taxes", "—", "12"],
    ]

    /// Draws cells right-aligned at 400 and 500, as statements have them.
    private func draw(_ row: [String], y: Double, on page: inout DrawnPage) {
        page.write(row[0], x: 60, y: y)
        for (cell, right) in zip(row.dropFirst(), [400.0, 500.0]) {
            page.write(cell, x: right - DrawnPage.width(of: cell[...], size: 10), y: y)
        }
    }

    private func grid(_ document: ExtractedDocument) -> [[String]] {
        guard let table = document.blocks.first(where: { $0.kind == .table }) else { return [] }
        return slice(document.text, table.range).split(separator: "\n").filter { !$0.hasPrefix("|---") }.map { line in
            line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
        }
    }

    @Test func rowsStayTogetherThoughTheirColumnsComeOneByOne() {
        let found = document { page in
            // Column by column, as poppler returns them.
            for column in 0..<3 {
                for (index, row) in ([["", "2024", "2023"]] + Self.rows).enumerated() {
                    var only = ["", "", ""]
                    only[column] = row[column]
                    draw(only, y: 100 + Double(index) * 14, on: &page)
                }
            }
        }
        #expect(found.blocks.map(\.kind) == [.table])
        #expect(grid(found) == [["", "2024", "2023"]] + Self.rows)
    }

    @Test func titlesOfSeveralLinesAndOverSeveralColumnsBecomeOneRow() {
        let found = document { page in
            page.write("Years ended December 31", x: 375, y: 86)
            draw(["in millions", "2024", "2023"], y: 100, on: &page)
            for (index, row) in Self.rows.enumerated() { draw(row, y: 114 + Double(index) * 14, on: &page) }
        }
        #expect(grid(found).first == ["in millions", "Years ended December 31 2024", "Years ended December 31 2023"])
        #expect(grid(found).count == 5)
    }

    @Test func currencyAndPercentSignsBelongToTheirNumbers() {
        let found = document { page in
            draw(["", "2024", "Change"], y: 100, on: &page)
            draw(["Revenue", "1,200", "8.5"], y: 114, on: &page)
            page.write("$", x: 350, y: 114)
            page.write("%", x: 503, y: 114)
            draw(["Cost", "700", "7.7"], y: 128, on: &page)
        }
        #expect(
            grid(found).dropFirst().first == ["Revenue", "$1,200", "8.5 %"]
                || grid(found).dropFirst().first == ["Revenue", "$1,200", "8.5%"])
    }

    @Test func labelsOfSeveralLinesAndSectionsOfATable() {
        let found = document { page in
            draw(["", "2024", "2023"], y: 100, on: &page)
            draw(["Current assets:", "", ""], y: 114, on: &page)
            draw(["Property, plant and equipment,", "", ""], y: 128, on: &page)
            draw(["net of depreciation", "500", "400"], y: 142, on: &page)
            draw(["Inventories", "70", "60"], y: 156, on: &page)
        }
        #expect(
            grid(found) == [
                ["", "2024", "2023"], ["Current assets:", "", ""], ["Property, plant and equipment, net of depreciation", "500", "400"],
                ["Inventories", "70", "60"],
            ])
    }

    @Test func cellsOfWordsGoOnBelow() {
        let found = document { page in
            for (index, row) in [
                ["Name", "Duty"], ["Ada", "Plans the work of all the teams and"], ["", "reports to the board"],
                ["Grace", "Writes the programs"],
                ["Linus", "Reads what others have written"],
            ].enumerated() {
                page.write(row[0], x: 60, y: 100 + Double(index) * 12)
                page.write(row[1], x: 220, y: 100 + Double(index) * 12)
            }
        }
        #expect(
            grid(found) == [
                ["Name", "Duty"], ["Ada", "Plans the work of all the teams and reports to the board"], ["Grace", "Writes the programs"],
                ["Linus", "Reads what others have written"],
            ])
    }

    @Test func aCellHalfALineLowerIsInTheSameRow() {
        let found = document { page in
            for index in 0..<3 {
                let y = 100 + Double(index) * 40
                page.write("First line of label \(index)", x: 60, y: y)
                page.write("and second line", x: 60, y: y + 12)
                page.write("\(index)5.0", x: 300, y: y + 6)
            }
        }
        for index in 0..<3 { #expect(found.text.contains("First line of label \(index) and second line  \(index)5.0")) }
    }

    @Test func rowsWithoutTitlesAreLines() {
        let found = document { page in
            for (index, row) in Self.rows.enumerated() { draw(row, y: 100 + Double(index) * 14, on: &page) }
        }
        #expect(found.blocks.map(\.kind) == [.code])
        #expect(found.text == Self.rows.map { $0.joined(separator: "  ") }.joined(separator: "\n"))
    }

    @Test func wideSpacesInProseAreNoTable() {
        var lines = proseLines(6)
        lines[3] = "and so it was also still there now"
        let found = document { page in
            for (index, line) in lines.enumerated() where index != 3 { page.write(line, y: 100 + Double(index) * 12) }
            page.write("and so it was", y: 136)
            page.write("also still", x: 136, y: 136)
            page.write("there now", x: 200, y: 136)
        }
        #expect(found.blocks.map(\.kind) == [.paragraph])
        #expect(found.text == LineJoin().joined(lines))
    }

    @Test func titlesBelowASpaceBeginATableOfTheirOwn() {
        let found = document { page in
            for table in 0..<2 {
                let y = 100 + Double(table) * 100
                draw(["", "\(2024 - table)", "\(2023 - table)"], y: y, on: &page)
                for (index, row) in Self.rows.enumerated() { draw(row, y: y + 14 + Double(index) * 14, on: &page) }
            }
        }
        #expect(found.blocks.map(\.kind) == [.table, .table])
    }
}
