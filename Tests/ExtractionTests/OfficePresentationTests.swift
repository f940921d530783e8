import TestSupport
import Testing

@testable import Extraction

@Suite struct OfficePresentationTests {
    private typealias Slide = OfficeSample.Slide

    private func read(_ slides: [Slide], parts: [(String, String)] = []) throws -> ExtractedDocument {
        try OfficeReader().read(OfficeSample.presentation(slides, parts: parts).bytes)
    }

    @Test func slidesArePagesInTheOrderOfThePresentation() throws {
        let document = try read([
            Slide(shapes: OfficeSample.shape("ctrTitle", "Deck", "of slides") + OfficeSample.shape("subTitle", "by Ann")),
            Slide(shapes: OfficeSample.shape("", "one", "two") + OfficeSample.shape("title", "Second")),
            Slide(shapes: OfficeSample.shape(nil, "Loose text")),
        ])
        #expect(
            document.outline == [
                "heading(level: 1): Deck of slides", "paragraph: by Ann", "pageBreak: ", "heading(level: 2): Second", "listItem: - one",
                "listItem: - two", "pageBreak: ", "heading(level: 2): Slide 3", "paragraph: Loose text",
            ])
        #expect(document.blocks.map(\.page) == [1, 1, 2, 2, 2, 2, 3, 3, 3])
        #expect(document.title == "Deck of slides")
    }

    @Test func hiddenSlidesAreLeftOutAndKeepTheirNumber() throws {
        let document = try read([
            Slide(shapes: OfficeSample.shape("title", "A")), Slide(shapes: OfficeSample.shape("title", "B"), attributes: "show=\"0\""),
            Slide(shapes: OfficeSample.shape("title", "C")),
        ])
        #expect(document.headings == ["A", "C"])
        #expect(document.blocks.compactMap(\.page) == [1, 3, 3])
    }

    @Test func whatStandsOnEverySlideIsLeftOut() throws {
        let fields = """
            <a:p><a:r><a:t>Page </a:t></a:r><a:fld type="slidenum"><a:t>7</a:t></a:fld><a:fld type="datetime1"><a:t>1.1.</a:t></a:fld></a:p>
            """
        let document = try read([
            Slide(
                shapes: OfficeSample.shape("title", "T") + OfficeSample.shape("sldNum", "7") + OfficeSample.shape("dt", "today")
                    + OfficeSample.shape("ftr", "ACME") + OfficeSample.shape(nil, body: fields))
        ])
        #expect(document.outline == ["heading(level: 2): T", "paragraph: Page"])
    }

    @Test func bulletsNumbersAndLevels() throws {
        func paragraph(_ text: String, _ bullet: String, level: Int = 0) -> String {
            "<a:p><a:pPr lvl=\"\(level)\">\(bullet)</a:pPr><a:r><a:t>\(text)</a:t></a:r></a:p>"
        }
        let number = "<a:buAutoNum type=\"arabicPeriod\"/>"
        let letter = "<a:buAutoNum type=\"alphaLcParenBoth\" startAt=\"3\"/>"
        let body = [
            paragraph("a", number), paragraph("a1", letter, level: 1), paragraph("a2", letter, level: 1), paragraph("b", number),
            paragraph("b1", letter, level: 1), paragraph("plain", "<a:buNone/>"), paragraph("again", number),
            paragraph("deep", "", level: 2),
        ].joined()
        let text = try read([Slide(shapes: OfficeSample.shape("body", body: body))]).text
        #expect(text == "Slide 1\n\n1. a\n  (c) a1\n  (d) a2\n2. b\n  (c) b1\n\nplain\n\n1. again\n    - deep")
    }

    @Test func textBoxesHaveBulletsOnlyWhereTheySaySo() throws {
        let body = "<a:p><a:pPr><a:buChar char=\"•\"/></a:pPr><a:r><a:t>x</a:t></a:r></a:p><a:p><a:r><a:t>y</a:t></a:r><a:br/></a:p>"
        #expect(
            try read([Slide(shapes: OfficeSample.shape(nil, body: body))]).outline.dropFirst() == ["listItem: - x", "paragraph: y"])
    }

    @Test func groupsTablesAndAlternatives() throws {
        func cell(_ text: String, _ attributes: String = "") -> String {
            "<a:tc \(attributes)><a:txBody><a:p><a:r><a:t>\(text)</a:t></a:r></a:p></a:txBody></a:tc>"
        }
        let table = """
            <p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr>\(cell("Y"))\(cell("Q"))\(cell("n"))</a:tr>\
            <a:tr>\(cell("2024", "rowSpan=\"2\""))\(cell("wide", "gridSpan=\"2\""))\(cell("", "hMerge=\"1\""))</a:tr>\
            <a:tr>\(cell("", "vMerge=\"1\""))\(cell("b"))\(cell("2"))</a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>
            """
        let group = "<p:grpSp><p:grpSp>\(OfficeSample.shape(nil, "inner"))</p:grpSp></p:grpSp>"
        let alternatives = """
            <mc:AlternateContent><mc:Choice Requires="x">\(OfficeSample.shape(nil, "new"))</mc:Choice>\
            <mc:Fallback>\(OfficeSample.shape(nil, "old"))</mc:Fallback></mc:AlternateContent>
            """
        #expect(
            try read([Slide(shapes: OfficeSample.shape("title", "T") + group + table + alternatives)]).outline.dropFirst() == [
                "paragraph: inner", "table: | Y | Q | n |\n|---|---|---|\n| 2024 | wide |  |\n| 2024 | b | 2 |", "paragraph: new",
            ])
    }

    @Test func notesFollowTheirSlide() throws {
        let notes =
            OfficeSample.shape("sldImg", "picture") + OfficeSample.shape("body", "Say this", "and that") + OfficeSample.shape("sldNum", "1")
        let document = try read([
            Slide(shapes: OfficeSample.shape("title", "T"), notes: notes), Slide(shapes: OfficeSample.shape(nil, "x")),
        ])
        #expect(document.outline.prefix(2) == ["heading(level: 2): T", "paragraph: Notes: Say this\nand that"])
        #expect(document.blocks[1].page == 1)
    }

    @Test func diagramsAreLists() throws {
        let data = """
            <dgm:dataModel \(OfficeSample.names)><dgm:ptLst><dgm:pt><dgm:t><a:p><a:r><a:t>Build_x000B_it</a:t></a:r></a:p></dgm:t></dgm:pt>\
            </dgm:ptLst></dgm:dataModel>
            """
        let document = try read(
            [Slide(shapes: "<p:graphicFrame><dgm:relIds r:dm=\"rId5\"/></p:graphicFrame>", links: [("rId5", "diagramData", "../d.xml")])],
            parts: [("ppt/d.xml", data)])
        #expect(document.outline == ["heading(level: 2): Slide 1", "listItem: - Build\nit"])
        #expect(document.title == nil)
    }

    @Test func aMissingSlideIsDamage() {
        var archive = OfficeSample.presentation([Slide(shapes: OfficeSample.shape(nil, "x")), Slide(shapes: "")])
        archive.entries.removeAll { $0.name == "ppt/slides/slide1.xml" }
        let error = #expect(throws: ExtractionError.self) { try OfficeReader().read(archive.bytes) }
        #expect(error == .damaged(format: "PowerPoint presentation", reason: "its part of slide 2 is missing"))
    }
}
