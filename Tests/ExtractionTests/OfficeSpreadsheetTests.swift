import TestSupport
import Testing

@testable import Extraction

@Suite struct OfficeSpreadsheetTests {
    @Test func sheetsAreSectionsInTheirOrder() throws {
        let archive = OfficeSample.workbook([
            ("売上", "", OfficeSample.row(1, "a", "b") + OfficeSample.row(2, "1", "2")), ("Empty", "", ""),
            ("Secret", "state=\"hidden\"", OfficeSample.row(1, "x")), ("Deep", "state=\"veryHidden\"", OfficeSample.row(1, "x")),
            ("Last &amp; least", "state=\"visible\"", OfficeSample.row(1, "only")),
        ])
        let document = try OfficeReader().read(archive.bytes)
        #expect(
            document.outline == [
                "heading(level: 2): 売上", "table: | a | b |\n|---|---|\n| 1 | 2 |", "heading(level: 2): Last & least", "paragraph: only",
            ])
        #expect(document.blocks.allSatisfy { $0.page == nil })
        #expect(document.title == nil)
        #expect(document.mediaType == .xlsx)
    }

    @Test func emptyRowsSeparateTables() throws {
        let rows = [
            OfficeSample.row(3, "", "", "Name", "", "Age"), OfficeSample.row(4, "", "", "Ann", "", "7"), "<row r=\"5\"><c r=\"A5\"/></row>",
            OfficeSample.row(6, "p"), OfficeSample.row(7, "q"), OfficeSample.row(9, "x", "y"),
        ]
        #expect(
            try sheetOutline(rows.joined()) == [
                "table: | Name | Age |\n|---|---|\n| Ann | 7 |", "paragraph: p", "paragraph: q", "table: | x | y |\n|---|---|",
            ])
    }

    @Test func linesAboveATableAreNotItsTitles() throws {
        let rows =
            OfficeSample.row(1, "Sales 2024") + OfficeSample.row(2, "in euros") + OfficeSample.row(3, "A", "B")
            + OfficeSample.row(4, "1", "2")
        #expect(try sheetOutline(rows) == ["paragraph: Sales 2024", "paragraph: in euros", "table: | A | B |\n|---|---|\n| 1 | 2 |"])
    }

    @Test func textsOfEverySort() throws {
        let rows = """
            <row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>99</v></c></row>\
            <row><c t="inlineStr"><is><r><t>in</t></r><r><rPr/><t>line</t></r></is></c><c t="str"><f>A1</f><v>made</v></c></row>\
            <row><c t="b"><v>1</v></c><c t="b"><v>0</v></c><c t="e"><v>#N/A</v></c></row>\
            <row><c t="d"><v>2024-01-31</v></c><c><f>1+1</f><v>2</v></c><c><f>NOW()</f></c></row>
            """
        let shared = ["<r><t>東</t></r><r><t>京</t></r><rPh sb=\"0\" eb=\"1\"><t>とう</t></rPh><phoneticPr/>", "<t>two_x000D_\nlines</t>"]
        #expect(
            try sheetOutline(rows, shared: shared) == [
                "table: | 東京 | two lines |  |\n|---|---|---|\n| inline | made |  |\n| TRUE | FALSE | #N/A |\n| 2024-01-31 | 2 |  |"
            ])
    }

    @Test func numbersFollowTheirFormats() throws {
        let styles = """
            <numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/></numFmts>\
            <cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>\
            <cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="22"/><xf numFmtId="10"/><xf numFmtId="46"/></cellXfs>
            """
        let rows = """
            <row><c><v>0.30000000000000004</v></c><c s="1"><v>45322</v></c><c s="2"><v>45322.5</v></c><c s="3"><v>0.1234</v></c>\
            <c s="4"><v>1.5</v></c><c s="77"><v>45322</v></c></row>
            """
        #expect(
            try sheetOutline(rows, styles: styles)
                == ["table: | 0.3 | 2024-01-31 | 2024-01-31T12:00 | 12.34% | 36:00:00 | 45322 |\n|---|---|---|---|---|---|"])
        let old = "<row><c s=\"1\"><v>0</v></c><c s=\"1\"><v>43860</v></c></row>"
        #expect(
            try sheetOutline(old, styles: styles, properties: "date1904=\"1\"").first?.hasPrefix("table: | 0 | 2024-01-31 |") == true)
    }

    @Test func longTablesComeInPiecesWithTheirTitles() throws {
        let rows = (1...1201).map { OfficeSample.row($0, $0 == 1 ? "Number" : "n\($0)", $0 == 1 ? "Word" : "w") }.joined()
        let tables = try sheetOutline(rows)
        #expect(tables.count == 3)
        #expect(tables.allSatisfy { $0.hasPrefix("table: | Number | Word |\n|---|---|\n| n") })
        let lines = tables.flatMap { $0.split(separator: "\n").dropFirst(2) }
        #expect(lines == (2...1201).map { "| n\($0) | w |" })
    }

    @Test func scatteredCellsTakeNoGrid() throws {
        let far = OfficeSample.row(1, "a") + "<row r=\"1048576\"><c r=\"XFD1048576\" t=\"str\"><v>z</v></c></row>"
        #expect(try sheetOutline(far) == ["paragraph: a", "paragraph: z"])
        let diagonal = (1...400).map { row in
            let column = String(String.UnicodeScalarView([row / 26 % 26 + 65, row % 26 + 65].compactMap { Unicode.Scalar(UInt32($0)) }))
            return "<row r=\"\(row)\"><c r=\"\(column)\(row)\" t=\"str\"><v>v\(row)</v></c></row>"
        }
        #expect(try sheetOutline(diagonal.joined()) == (1...400).map { "paragraph: v\($0)" })
    }

    @Test func cellsOutsideAnySheetAreLeftOut() throws {
        let rows = """
            <row r="0"><c r="A1" t="str"><v>a</v></c><c r="XFE1" t="str"><v>beyond</v></c><c r="AAAAAAAAAAAAAAAAAA1" t="str"><v>far</v></c>\
            <c r="$" t="str"><v>none</v></c></row><row r="99999999999999999999"><c r="A2" t="str"><v>b</v></c></row>
            """
        #expect(try sheetOutline(rows) == ["paragraph: a", "paragraph: b"])
    }

    @Test func aMissingSheetIsDamage() {
        var archive = OfficeSample.workbook([("S", "", OfficeSample.row(1, "x"))])
        archive.entries.removeAll { $0.name == "xl/worksheets/sheet1.xml" }
        let error = #expect(throws: ExtractionError.self) { try OfficeReader().read(archive.bytes) }
        #expect(error == .damaged(format: "Excel workbook", reason: "its part xl/worksheets/sheet1.xml is missing"))
    }
}
