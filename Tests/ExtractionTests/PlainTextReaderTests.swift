import Testing

@testable import Extraction

@Suite struct PlainTextReaderTests {
    @Test func paragraphsEndAtBlankLines() throws {
        let document = try extract("  one\ntwo \n \u{3000}\n\nthree # four\n\n- a\n- b\n", as: "a.txt")
        #expect(document.outline == ["paragraph: one\ntwo", "paragraph: three # four", "paragraph: - a\n- b"])
        #expect(document.title == nil)
        #expect(document.mediaType == .plainText)
    }

    @Test(arguments: [
        ("Annual report\n=====", 1), ("Method\n---", 2), ("第1条", 4), ("第十二章　総則", 2), ("제1장 총칙", 2), ("제 3 조 (목적)", 4), ("第2編 債権", 1),
        ("Chapter 4: Storage", 2), ("Part II", 1), ("1. SCOPE", 2), ("2.3 Terms used", 3), ("10.2.1. Älteres", 4),
    ])
    func linesThatAreHeadings(line: String, level: Int) throws {
        let document = try extract("before\n\n\(line)\n\nafter", as: "a.txt")
        #expect(document.blocks.map(\.kind) == [.paragraph, .heading(level: level), .paragraph])
        #expect(document.headings == [String(line.prefix { $0 != "\n" })])
    }

    @Test(arguments: [
        "1. Buy milk", "3.5 million people", "2024 was a good year", "第1条\nこの法律は、目的を定める。", "Chapter and verse",
        "Name  Age\n---------\nAnn  31",
        "SHOUTING", "제품을 확인합니다", "第一", "Is this it?\n---", "第1回の会議",
        "Part 2 of the story goes on for more than eighty characters, which no heading in a text should do at all",
    ])
    func linesThatAreNot(text: String) throws {
        #expect(try extract("before\n\n\(text)\n\nafter", as: "a.txt").blocks.map(\.kind) == [.paragraph, .paragraph, .paragraph])
    }
}
