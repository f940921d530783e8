import TestSupport
import Testing

@testable import Extraction

@Suite struct OfficeWordListTests {
    private func level(_ index: Int, _ format: String, _ text: String, _ more: String = "") -> String {
        "<w:lvl w:ilvl=\"\(index)\"><w:start w:val=\"1\"/><w:numFmt w:val=\"\(format)\"/><w:lvlText w:val=\"\(text)\"/>\(more)</w:lvl>"
    }

    private func list(_ id: Int, _ levels: String, overrides: String = "") -> String {
        """
        <w:abstractNum w:abstractNumId="\(id)">\(levels)</w:abstractNum>\
        <w:num w:numId="\(id)"><w:abstractNumId w:val="\(id)"/>\(overrides)</w:num>
        """
    }

    private func item(_ text: String, _ list: Int, _ level: Int = 0, style: String? = nil) -> String {
        OfficeSample.paragraph(
            text, style: style, properties: "<w:numPr><w:ilvl w:val=\"\(level)\"/><w:numId w:val=\"\(list)\"/></w:numPr>")
    }

    private func text(_ body: String, numbering: String, styles: String = "") throws -> String {
        try OfficeReader().read(OfficeSample.word(body, styles: styles, numbering: numbering).bytes).text
    }

    @Test func itemsAreCountedAndIndented() throws {
        let numbering = list(1, level(0, "decimal", "%1.") + level(1, "lowerLetter", "%2)") + level(2, "upperRoman", "(%3)"))
        let body =
            item("a", 1) + item("b", 1) + item("b1", 1, 1) + item("b2", 1, 1) + item("deep", 1, 2) + item("c", 1) + item("c1", 1, 1)
        #expect(try text(body, numbering: numbering) == "1. a\n2. b\n  a) b1\n  b) b2\n    (I) deep\n3. c\n  a) c1")
    }

    @Test func itemsAreBlocksWithoutTheirIndentation() throws {
        let document = try OfficeReader().read(
            OfficeSample.word(item("a", 1) + item("b", 1, 1), numbering: list(1, level(0, "bullet", "·") + level(1, "bullet", "o"))).bytes)
        #expect(document.outline == ["listItem: - a", "listItem: - b"])
        #expect(document.text == "- a\n  - b")
    }

    @Test func labelsNameTheLevelsAboveThem() throws {
        let numbering = list(1, level(0, "upperRoman", "%1") + level(1, "decimal", "第%1.%2条", "<w:isLgl/>") + level(2, "decimal", "%1.%3"))
        #expect(try text(item("a", 1) + item("b", 1, 1) + item("c", 1, 2), numbering: numbering) == "I a\n  第1.1条 b\n    I.1 c")
        #expect(try text(item("only", 1, 1), numbering: numbering) == "  第1.1条 only")
    }

    @Test func listsOfOneKindCountTogetherUnlessTheyStartAnew() throws {
        let numbering = """
            \(list(1, level(0, "decimal", "%1.")))<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>\
            <w:num w:numId="3"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num>
            """
        let body = item("a", 1) + OfficeSample.paragraph("text") + item("b", 2) + item("c", 3) + item("d", 3)
        #expect(try text(body, numbering: numbering) == "1. a\n\ntext\n\n2. b\n7. c\n8. d")
    }

    @Test func aLevelMayGoOnBelowANewItem() throws {
        let never = list(1, level(0, "decimal", "%1.") + level(1, "decimal", "%2)", "<w:lvlRestart w:val=\"0\"/>"))
        let body = item("a", 1) + item("a1", 1, 1) + item("b", 1) + item("b1", 1, 1)
        #expect(try text(body, numbering: never) == "1. a\n  1) a1\n2. b\n  2) b1")
    }

    @Test func stylesBringTheirLists() throws {
        let styles = """
            \(OfficeSample.style("B", name: "List Bullet", "<w:pPr><w:numPr><w:numId w:val=\"1\"/></w:numPr></w:pPr>"))\
            \(OfficeSample.style("H", name: "heading 2", "<w:pPr><w:numPr><w:numId w:val=\"2\"/></w:numPr></w:pPr>"))
            """
        let numbering =
            list(1, level(0, "bullet", "•"))
            + list(2, level(0, "decimal", "%1") + level(1, "decimal", "%1.%2", "<w:pStyle w:val=\"H\"/>"))
        let none = OfficeSample.paragraph("plain", style: "B", properties: "<w:numPr><w:numId w:val=\"0\"/></w:numPr>")
        let body = OfficeSample.paragraph("a", style: "B") + none + OfficeSample.paragraph("Scope", style: "H")
        #expect(try text(body, numbering: numbering, styles: styles) == "- a\n\nplain\n\n1.1 Scope")
    }

    @Test func levelsWithoutALabelAreParagraphs() throws {
        #expect(try text(item("a", 1) + item("b", 9), numbering: list(1, level(0, "none", ""))) == "a\n\nb")
    }

    @Test func numbersBeyondAnyListAreBounded() throws {
        let numbering = list(1, level(0, "upperLetter", "%1.", "<w:start w:val=\"2147483647\"/>"))
        #expect(try text(item("a", 1) + item("b", 1, 99), numbering: numbering) == "2147483647. a\n\nb")
    }

    @Test(arguments: [
        ("lowerLetter", 1, "a"), ("upperLetter", 28, "BB"), ("lowerRoman", 14, "xiv"), ("upperRoman", 3999, "MMMCMXCIX"),
        ("upperRoman", 4000, "4000"), ("upperRoman", 0, "0"), ("decimalZero", 7, "07"), ("ordinal", 12, "12th"), ("ordinal", 23, "23rd"),
        ("decimalEnclosedCircle", 3, "③"), ("decimalEnclosedCircle", 21, "21"), ("decimalFullWidth", 12, "１２"), ("ganada", 2, "나"),
        ("aiueo", 3, "ウ"), ("iroha", 1, "イ"), ("japaneseCounting", 23, "二十三"), ("japaneseCounting", 10, "十"), ("koreanCounting", 11, "십일"),
        ("ideographTraditional", 2, "乙"), ("hindiVowels", 5, "5"), ("lowerLetter", -3, "-3"), ("ganada", 99, "99"),
    ])
    func numbersAreWrittenInTheirFormat(format: String, number: Int, expected: String) {
        #expect(ListNumberFormat.text(number, format: format) == expected)
    }
}
