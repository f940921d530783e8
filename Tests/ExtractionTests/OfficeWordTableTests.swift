import TestSupport
import Testing

@testable import Extraction

@Suite struct OfficeWordTableTests {
    private func cell(_ content: String, _ properties: String = "") -> String {
        "<w:tc><w:tcPr>\(properties)</w:tcPr>\(content.hasPrefix("<") ? content : OfficeSample.paragraph(content))</w:tc>"
    }

    private func table(_ rows: [String]...) -> String {
        "<w:tbl><w:tblPr/><w:tblGrid/>\(rows.map { "<w:tr>\($0.joined())</w:tr>" }.joined())</w:tbl>"
    }

    @Test func theFirstRowHoldsTheTitles() throws {
        let body = table([cell("Item"), cell("Price")], [cell("Tea | green"), cell("3\n€")])
        #expect(try wordOutline(body) == ["table: | Item | Price |\n|---|---|\n| Tea \\| green | 3 € |"])
    }

    @Test func mergedCells() throws {
        let long = String(repeating: "long ", count: 40)
        let body = table(
            [cell("A"), cell("B"), cell("C")],
            [cell("wide", "<w:gridSpan w:val=\"2\"/>"), cell("x")],
            [cell("down", "<w:vMerge w:val=\"restart\"/>"), cell("1"), cell(long, "<w:vMerge w:val=\"restart\"/>")],
            [cell("<w:p/>", "<w:vMerge/>"), cell("2"), cell("<w:p/>", "<w:vMerge w:val=\"continue\"/>")],
            [cell("end"), cell("3"), cell("y")])
        #expect(
            try wordOutline(body) == [
                """
                table: | A | B | C |
                |---|---|---|
                | wide |  | x |
                | down | 1 | \(long.dropLast()) |
                | down | 2 |  |
                | end | 3 | y |
                """
            ])
    }

    @Test func tablesInsideCellsAreFlattened() throws {
        let inner = table([cell("k"), cell("v")], [cell("a"), cell("1")])
        let body = table([cell("head"), cell("x")], [cell(inner + OfficeSample.paragraph("after")), cell("y")])
        #expect(try wordOutline(body) == ["table: | head | x |\n|---|---|\n| k, v; a, 1 after | y |"])
    }

    @Test func aFrameAroundParagraphsIsNoTable() throws {
        let styles = OfficeSample.style("h", name: "heading 1")
        let body = table([cell(OfficeSample.paragraph("Head", style: "h") + OfficeSample.paragraph("text"))])
        #expect(try wordOutline(body, styles: styles) == ["heading(level: 1): Head", "paragraph: text"])
        let column = table([cell(OfficeSample.paragraph("Head", style: "h"))], [cell(table([cell("a"), cell("b")]))], [cell("end")])
        #expect(
            try wordOutline(column, styles: styles) == ["heading(level: 1): Head", "table: | a | b |\n|---|---|", "paragraph: end"])
    }

    @Test func deletedRowsAndEmptyTablesAreLeftOut() throws {
        let deleted = "<w:tr><w:trPr><w:del/></w:trPr>\(cell("gone"))</w:tr>"
        let rows = "<w:tbl><w:tr>\(cell("a"))\(cell("b"))</w:tr>\(deleted)<w:sdt><w:sdtContent><w:tr>\(cell("c"))\(cell("d"))</w:tr>"
        let body = rows + "</w:sdtContent></w:sdt></w:tbl>" + table([cell("<w:p/>"), cell("<w:p/>")])
        #expect(try wordOutline(body) == ["table: | a | b |\n|---|---|\n| c | d |"])
    }

    @Test func rowsMayBeginLate() throws {
        let late = "<w:tr><w:trPr><w:gridBefore w:val=\"1\"/></w:trPr>\(cell("x"))</w:tr>"
        let body = "<w:tbl><w:tr>\(cell("a"))\(cell("b"))</w:tr>\(late)</w:tbl>"
        #expect(try wordOutline(body) == ["table: | a | b |\n|---|---|\n|  | x |"])
    }

    @Test func absurdSpansAreBounded() throws {
        let body = table(
            [cell("a", "<w:gridSpan w:val=\"2147483647\"/>"), cell("b")], [cell("c"), cell("d", "<w:gridSpan w:val=\"-5\"/>")])
        #expect(try wordOutline(body) == ["table: | a | b |\n|---|---|\n| c | d |"])
    }
}
