import TestSupport
import Testing

@testable import Extraction

/// What stands beside the running text of a Word document: notes, text boxes, controls, tables of contents.
@Suite struct OfficeWordStoryTests {
    private func note(_ id: Int, _ text: String, type: String = "") -> String {
        "<w:footnote w:id=\"\(id)\" \(type)>\(OfficeSample.paragraph(text))</w:footnote>"
    }

    private func reference(_ kind: String, _ id: Int) -> String {
        "<w:r><w:\(kind)Reference w:id=\"\(id)\"/></w:r>"
    }

    @Test func notesFollowTheParagraphThatRefersToThem() throws {
        let archive = OfficeSample.word(
            """
            <w:p><w:r><w:t>First</w:t></w:r>\(reference("footnote", 2))<w:r><w:t> and</w:t></w:r>\(reference("endnote", 2))</w:p>\
            <w:p><w:r><w:t>Again</w:t></w:r>\(reference("footnote", 2))\(reference("footnote", 9))</w:p>
            """,
            footnotes: note(0, "line", type: "w:type=\"separator\"") + note(2, " A note") + note(3, "nobody asks"),
            endnotes: "<w:endnote w:id=\"2\">\(OfficeSample.paragraph("The end"))\(OfficeSample.paragraph("of it"))</w:endnote>")
        #expect(
            try OfficeReader().read(archive.bytes).outline == [
                "paragraph: First[1] and[2]", "paragraph: [1] A note", "paragraph: [2] The end\nof it", "paragraph: Again[1]",
            ])
    }

    @Test func notesOfATableFollowTheTable() throws {
        let cell = "<w:tc><w:p><w:r><w:t>x</w:t></w:r>\(reference("footnote", 2))</w:p></w:tc>"
        let archive = OfficeSample.word(
            "<w:tbl><w:tr>\(cell)<w:tc>\(OfficeSample.paragraph("y"))</w:tc></w:tr></w:tbl>", footnotes: note(2, "n"))
        #expect(try OfficeReader().read(archive.bytes).outline == ["table: | x[1] | y |\n|---|---|", "paragraph: [1] n"])
    }

    private func box(_ content: String) -> String {
        "<w:txbxContent>\(content)</w:txbxContent>"
    }

    @Test func textBoxesStandOnceBehindTheirParagraph() throws {
        let content = OfficeSample.paragraph("In the box")
        let body = """
            <w:p><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><x:any>\(box(content))</x:any></w:drawing></mc:Choice>\
            <mc:Fallback><w:pict>\(box(content))</w:pict></mc:Fallback></mc:AlternateContent><w:t>Anchor</w:t></w:r></w:p>\
            <w:p><w:r><w:pict>\(box(OfficeSample.paragraph("Old box")))</w:pict></w:r></w:p>
            """
        #expect(try wordOutline(body) == ["paragraph: Anchor", "paragraph: In the box", "paragraph: Old box"])
    }

    @Test func theFallbackIsReadWhereTheChoiceSaysNothing() throws {
        let body = """
            <w:p><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing/></mc:Choice>\
            <mc:Fallback><w:pict>\(box(OfficeSample.paragraph("old")))</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>\
            <mc:AlternateContent><mc:Choice Requires="x">\(OfficeSample.paragraph("new"))</mc:Choice>\
            <mc:Fallback>\(OfficeSample.paragraph("older"))</mc:Fallback></mc:AlternateContent>
            """
        #expect(try wordOutline(body) == ["paragraph: old", "paragraph: new"])
    }

    @Test func controlsKeepTheirContent() throws {
        let body = """
            <w:sdt><w:sdtPr><w:tag w:val="x"/></w:sdtPr><w:sdtContent>\(OfficeSample.paragraph("block"))</w:sdtContent></w:sdt>\
            <w:p><w:sdt><w:sdtPr/><w:sdtContent><w:r><w:t>inline</w:t></w:r></w:sdtContent></w:sdt></w:p>
            """
        #expect(try wordOutline(body) == ["paragraph: block", "paragraph: inline"])
    }

    @Test func tablesOfContentsAreLeftOut() throws {
        let styles =
            OfficeSample.style("h", name: "heading 1") + OfficeSample.style("t1", name: "toc 1")
            + OfficeSample.style("th", name: "TOC Heading", basedOn: "h")
        let control = """
            <w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>\
            <w:sdtContent>\(OfficeSample.paragraph("Contents"))<w:sdt><w:sdtContent>\(OfficeSample.paragraph("x 1"))</w:sdtContent></w:sdt>\
            </w:sdtContent></w:sdt>
            """
        let field = """
            <w:p><w:r><w:t>Intro</w:t><w:fldChar w:fldCharType="begin"/><w:instrText> PAGE</w:instrText></w:r>\
            <w:r><w:instrText>REF _Toc123 \\h</w:instrText><w:fldChar w:fldCharType="separate"/><w:t>4</w:t></w:r></w:p>
            """
        let body =
            control + OfficeSample.paragraph("Contents", style: "th") + OfficeSample.paragraph("One 1", style: "t1") + field
            + OfficeSample.paragraph("One", style: "h")
        #expect(try wordOutline(body, styles: styles) == ["heading(level: 1): One"])
    }

    @Test func diagramsAndChartsSayTheirWords() throws {
        let archive = OfficeSample.word(
            """
            <w:p><w:r><w:t>See</w:t><w:drawing><dgm:relIds r:dm="rId8"/></w:drawing></w:r></w:p>\
            <w:p><w:r><w:drawing><c:chart r:id="rId9"/></w:drawing></w:r></w:p>
            """,
            links: [("rId8", "diagramData", "diagrams/data1.xml"), ("rId9", "chart", "charts/chart1.xml")],
            parts: [
                (
                    "word/diagrams/data1.xml",
                    """
                    <dgm:dataModel \(OfficeSample.names)><dgm:ptLst><dgm:pt type="doc"/>\
                    <dgm:pt><dgm:t><a:p><a:r><a:t>Plan</a:t></a:r></a:p></dgm:t></dgm:pt>\
                    <dgm:pt type="pres"><dgm:t><a:p><a:r><a:t>Plan</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>
                    """
                ),
                (
                    "word/charts/chart1.xml",
                    """
                    <c:chartSpace \(OfficeSample.names)><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:rich>\
                    </c:tx></c:title><c:plotArea><c:ser><c:tx><c:strRef><c:strCache><c:pt idx="0"><c:v>2024</c:v></c:pt></c:strCache>\
                    </c:strRef></c:tx><c:cat><c:strRef><c:strCache><c:pt idx="0"><c:v>East</c:v></c:pt><c:pt idx="1"><c:v>West</c:v></c:pt>\
                    </c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache><c:pt idx="0"><c:v>0.30000000000000004</c:v></c:pt>\
                    </c:numCache></c:numRef></c:val></c:ser></c:plotArea></c:chart></c:chartSpace>
                    """
                ),
            ])
        #expect(
            try OfficeReader().read(archive.bytes).outline == [
                "paragraph: See", "listItem: - Plan", "paragraph: Sales", "table: |  | 2024 |\n|---|---|\n| East | 0.3 |\n| West |  |",
            ])
    }
}
