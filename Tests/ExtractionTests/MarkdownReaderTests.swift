import Testing

@testable import Extraction

@Suite struct MarkdownReaderTests {
    @Test func headingsOfBothStyles() throws {
        let document = try extract("# One *two* `three` [four](http://x) ##\nText\nA long\ntitle\n===\n## \nSub\n---\nEnd\n")
        #expect(
            document.outline == [
                "heading(level: 1): # One *two* `three` [four](http://x) ##", "heading(level: 1): Text\nA long\ntitle\n===",
                "heading(level: 2): ##", "heading(level: 2): Sub\n---", "paragraph: End",
            ])
        #expect(document.headings == ["One two three four", "Text A long title", "", "Sub"])
        #expect(document.title == "One two three four")
    }

    @Test func aTitleIsNeverBlank() throws {
        #expect(try extract("# \n\ntext").title == nil)
        #expect(try extract("#\n\ntext\n\n# Second").title == "Second")
    }

    @Test func listItemsAreBlocksOfTheirOwn() throws {
        let document = try extract("- a\n  more\n  - b\n\n    b2\n- \n1) c\n2) ```\n   x\n   ```\n\n> q\n>\n> r\n\nend")
        #expect(
            document.outline == [
                "listItem: - a\n  more", "listItem: - b", "listItem: b2", "listItem: -", "listItem: 1) c", "code: 2) ```\n   x\n   ```",
                "quote: > q\n>", "quote: > r", "paragraph: end",
            ])
    }

    @Test func codeHTMLAndRules() throws {
        let document = try extract(
            "```swift\n# no heading\n\n| a |\n```\n<div>\nx\n</div>\n\n<!-- one\n\ntwo -->\ntext\n\n***\n\n    indented\n\n    code\n")
        #expect(
            document.outline == [
                "code: ```swift\n# no heading\n\n| a |\n```", "html: <div>\nx\n</div>", "html: <!-- one\n\ntwo -->", "paragraph: text",
                "thematicBreak: ***",
                "code: indented\n\n    code",
            ])
    }

    @Test func unclosedCodeReachesToTheEnd() throws {
        #expect(try extract("a\n\n~~~\nx\n\n# y\n\n\n> z\n").outline == ["paragraph: a", "code: ~~~\nx\n\n# y\n\n\n> z"])
        #expect(try extract("<!-- x\n\ny").outline == ["html: <!-- x\n\ny"])
        #expect(try extract("- ```\n  x\ny").outline == ["code: - ```\n  x", "paragraph: y"])
    }

    @Test func tables() throws {
        let table = "| 商品 | 価格 |\n|:--|--:|\n| 筆 \\| 墨 | 500円 |\n| 紙 |"
        let document = try extract("前文\n\(table)\n\n- item\n\n  a | b\n  --|--\n  1 | 2\n\nno | table\n--- | --- | ---\n")
        #expect(
            document.outline == [
                "paragraph: 前文", "table: \(table)", "listItem: - item", "table: a | b\n  --|--\n  1 | 2",
                "paragraph: no | table\n--- | --- | ---",
            ])
    }

    /// cmark is given the text in parts, one less for each run of blank lines.
    @Test(arguments: ["", "\n", "\n\n\n", " \n\t"])
    func blankLinesBetweenAndAfterBlocksAreNoBlocks(end: String) throws {
        let text = "# 見出し\n\n\n\n- 一\n \n\t\n\n漢字 and words\n\n\n```\n# no heading\n\n\nx\n```\n\n\n"
        let section = ["heading(level: 1): # 見出し", "listItem: - 一", "paragraph: 漢字 and words", "code: ```\n# no heading\n\n\nx\n```"]
        let document = try extract("\n\n" + String(repeating: text, count: 3) + "the last" + end)
        #expect(document.outline == section + section + section + ["paragraph: the last"])
    }

    @Test func linkDefinitionsAreNotLost() throws {
        let document = try extract("[a]: http://a\n\n# T\n[b]: http://b\n\ntext\n\n[c]: http://c\n")
        #expect(
            document.outline == [
                "paragraph: [a]: http://a", "heading(level: 1): # T", "paragraph: [b]: http://b", "paragraph: text",
                "paragraph: [c]: http://c",
            ])
    }

    @Test func positionsCountScalarsAfterDecoding() throws {
        let source = "\u{FEFF}# e\u{301}té 🙂\r\n\r\n\t\r\n한국어 문장\r\n"
        let document = try extract(source)
        #expect(document.text == "# \u{E9}té 🙂\n\n\t\n한국어 문장\n")
        #expect(document.blocks.map(\.range) == [0..<7, 11..<17])
        #expect(document.blocks.map(\.page) == [nil, nil])
    }

    /// Of lines beyond a mebibyte cmark is given both ends.
    @Test(arguments: ["", "# ", "- ", "> ", "    ", "~~~ ", "<!-- "])
    func veryLongLinesAreWhatTheirEndsSay(mark: String) throws {
        func text(_ words: Int) -> String {
            "before\n\n\(mark)\(String(repeating: "words 言葉 ", count: words))end -->\n\nafter\n~~~\n\n# Heading\n\nlast\n"
        }
        let short = try extract(text(1))
        let long = try extract(text(200_000))
        #expect(long.blocks.map(\.kind) == short.blocks.map(\.kind))
        #expect(long.blocks.count > 2 && long.text.unicodeScalars.count > 1_800_000)
        let growth = long.text.unicodeScalars.count - short.text.unicodeScalars.count
        for (a, b) in zip(short.blocks.dropFirst(2), long.blocks.dropFirst(2)) {
            #expect(b.range.lowerBound - a.range.lowerBound == growth && b.range.count == a.range.count)
        }
    }

    @Test func frontMatterGivesTheTitle() throws {
        let document = try extract("---\n# comment\ntitle: \"The \\\"Red\\\" Book\" # yes\ntags:\n  - a\n---\n# Heading\ntext")
        #expect(document.title == "The \"Red\" Book")
        #expect(document.blocks.map(\.kind) == [.frontMatter, .heading(level: 1), .paragraph])
    }

    @Test(arguments: [
        ("title: It's # a\n", "It's"), ("title: 'It''s'\n", "It's"), ("a: b\n title: no\n", nil), ("title: >\n  folded\n", nil),
        ("title:\nx: 1\n", nil),
        ("名前: 値\ntitle: 文庫の手引き\n", "文庫の手引き"), ("title: a#b\n", "a#b"), ("\"title\": x\n", nil),
    ])
    func frontMatterTitles(yaml: String, title: String?) throws {
        let document = try extract("---\n\(yaml)...\n\ntext")
        #expect(document.blocks.first?.kind == .frontMatter)
        #expect(document.title == title)
    }

    @Test(arguments: [
        "---\nplain words\n---\n", "---\ntitle: unclosed\n", "\n---\ntitle: late\n---\n", " ---\na: b\n---\n", "---\n---\ntext",
    ])
    func otherRulesAreNotFrontMatter(text: String) throws {
        #expect(try extract(text).blocks.contains { $0.kind == .frontMatter } == false)
    }
}
