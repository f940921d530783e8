import TestSupport
import Testing

@testable import Extraction

@Suite struct OfficeWordTests {
    private static let headingStyles =
        OfficeSample.style("a1", name: "heading 1") + OfficeSample.style("a2", name: "Heading 2")
        + OfficeSample.style("own", name: "Chapter", basedOn: "a2")
        + OfficeSample.style("level", name: "章見出し", "<w:pPr><w:outlineLvl w:val=\"2\"/></w:pPr>")
        + OfficeSample.style("plain", name: "Chapter text", basedOn: "a1", "<w:pPr><w:outlineLvl w:val=\"9\"/></w:pPr>")
        + OfficeSample.style("T", name: "Title") + OfficeSample.style("C", name: "Source Code")
        + OfficeSample.style("Q", name: "Intense Quote")

    private func outline(_ paragraphs: [(String, String?)]) throws -> [String] {
        try wordOutline(paragraphs.map { OfficeSample.paragraph($0.0, style: $0.1) }.joined(), styles: Self.headingStyles)
    }

    @Test func headingsComeFromNamesLevelsAndBases() throws {
        let found = try outline([
            ("One", "a1"), ("Two", "a2"), ("Based", "own"), ("Level", "level"), ("Text", "plain"), ("Undefined", "Heading4"), ("Body", nil),
        ])
        #expect(
            found == [
                "heading(level: 1): One", "heading(level: 2): Two", "heading(level: 2): Based", "heading(level: 3): Level",
                "paragraph: Text", "heading(level: 4): Undefined", "paragraph: Body",
            ])
    }

    @Test func anOutlineLevelOnTheParagraphCounts() throws {
        let level = OfficeSample.paragraph("Deep", properties: "<w:outlineLvl w:val=\"8\"/>")
        let none = OfficeSample.paragraph("Text", style: "a1", properties: "<w:outlineLvl w:val=\"9\"/>")
        let before = "<w:pPrChange><w:pPr><w:outlineLvl w:val=\"0\"/></w:pPr></w:pPrChange>"
        let changed = OfficeSample.paragraph("Now text", properties: before)
        #expect(
            try wordOutline(level + none + changed, styles: Self.headingStyles)
                == ["heading(level: 9): Deep", "paragraph: Text", "paragraph: Now text"])
    }

    @Test func theTitleIsTheOneInThePropertiesElseTheStyledOneElseTheFirstHeading() throws {
        func title(_ body: String, property: String? = nil) throws -> String? {
            let parts = property.map { [OfficeSample.coreProperties(title: $0)] } ?? []
            return try OfficeReader().read(OfficeSample.word(body, styles: Self.headingStyles, parts: parts).bytes).title
        }
        let heading = OfficeSample.paragraph("A heading", style: "a2")
        let styled = OfficeSample.paragraph("A title", style: "T")
        #expect(try title(heading + styled, property: " The\n report ") == "The report")
        #expect(try title(heading + styled) == "A title")
        #expect(try title(heading) == "A heading")
        #expect(try title(OfficeSample.paragraph("text")) == nil)
        for program in ["", " ", "Document1", "Microsoft Word - x.doc", "無題", "제목 없음", "PowerPoint Presentation", "Book 2"] {
            #expect(try title(heading, property: program) == "A heading")
        }
    }

    @Test func codeAndQuotationsFollowTheirStyles() throws {
        let found = try outline([("if x {", "C"), ("    y()", "C"), ("}", "C"), ("Said.", "Q"), ("z", "C"), ("end", nil)])
        #expect(found == ["code: if x {\n    y()\n}", "quote: Said.", "code: z", "paragraph: end"])
    }

    @Test func circlesOfStylesEnd() throws {
        let styles = OfficeSample.style("x", name: "X", basedOn: "y") + OfficeSample.style("y", name: "Y", basedOn: "x")
        #expect(try wordOutline(OfficeSample.paragraph("t", style: "x"), styles: styles) == ["paragraph: t"])
    }

    @Test func runsMakeOneText() throws {
        let body = """
            <w:p><w:r><w:t xml:space="preserve">Bread </w:t></w:r><w:hyperlink r:id="no"><w:r><w:t>&amp; butter</w:t></w:r></w:hyperlink>\
            <w:r><w:tab/><w:t>x</w:t><w:noBreakHyphen/><w:t>y</w:t><w:softHyphen/><w:t>z</w:t><w:br/><w:t>second</w:t><w:cr/>\
            <w:t><![CDATA[<third>]]></w:t></w:r><w:smartTag><w:r><w:t>!</w:t></w:r></w:smartTag></w:p>
            """
        #expect(try wordOutline(body) == ["paragraph: Bread & butter\tx-yz\nsecond\n<third>!"])
    }

    @Test func changesAreTakenAsAccepted() throws {
        let body = """
            <w:p><w:r><w:t>a</w:t></w:r><w:del><w:r><w:delText>b</w:delText><w:t>c</w:t></w:r></w:del>\
            <w:ins><w:r><w:t>d</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>e</w:t></w:r></w:moveFrom>\
            <w:moveTo><w:r><w:t>f</w:t></w:r></w:moveTo></w:p>\
            <w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>joined </w:t></w:r></w:p><w:p><w:r><w:t>to this</w:t></w:r></w:p>\
            <w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>last</w:t></w:r></w:p>
            """
        #expect(try wordOutline(body) == ["paragraph: adf", "paragraph: joined to this", "paragraph: last"])
    }

    @Test func fieldsGiveTheirResults() throws {
        let body = """
            <w:p><w:r><w:t>See </w:t></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>IF </w:instrText></w:r>\
            <w:r><w:fldChar w:fldCharType="begin"/><w:instrText>MERGEFIELD x</w:instrText><w:fldChar w:fldCharType="separate"/>\
            <w:t>hidden</w:t><w:fldChar w:fldCharType="end"/></w:r><w:r><w:instrText> = 1</w:instrText>\
            <w:fldChar w:fldCharType="separate"/><w:t>page 3</w:t><w:fldChar w:fldCharType="end"/><w:t>.</w:t></w:r></w:p>\
            <w:p><w:fldSimple w:instr="AUTHOR"><w:r><w:t>Ann</w:t></w:r></w:fldSimple></w:p>\
            <w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>QUOTE</w:instrText></w:r></w:p><w:p><w:r><w:t>goes on</w:t></w:r></w:p>
            """
        #expect(try wordOutline(body) == ["paragraph: See page 3.", "paragraph: Ann", "paragraph: goes on"])
    }

    @Test func hiddenTextIsLeftOut() throws {
        let styles = """
            <w:style w:type="character" w:styleId="H"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>\
            <w:style w:type="paragraph" w:styleId="P"><w:name w:val="Quiet"/><w:rPr><w:vanish w:val="1"/></w:rPr></w:style>
            """
        let body = """
            <w:p><w:r><w:t>a</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>b</w:t></w:r>\
            <w:r><w:rPr><w:vanish w:val="false"/></w:rPr><w:t>c</w:t></w:r><w:r><w:rPr><w:rStyle w:val="H"/></w:rPr><w:t>d</w:t></w:r></w:p>
            """ + OfficeSample.paragraph("e", style: "P")
        #expect(try wordOutline(body, styles: styles) == ["paragraph: ac"])
    }

    @Test func symbolsRubyAndFormulas() throws {
        let body = """
            <w:p><w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="Arial" w:char="00E9"/>\
            <w:sym w:font="Wingdings" w:char="F021"/></w:r><w:r><w:ruby><w:rt><w:r><w:t>とう</w:t></w:r></w:rt>\
            <w:rubyBase><w:r><w:t>東</w:t></w:r></w:rubyBase></w:ruby><w:t>京</w:t></w:r></w:p>\
            <w:p><m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f>\
            <m:r><m:t>+</m:t></m:r><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></w:p>
            """
        #expect(try wordOutline(body) == ["paragraph: ☑αé東京", "paragraph: a/b+x^2"])
    }
}
