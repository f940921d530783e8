import Testing

@testable import Extraction

/// Paragraphs, lists, headings, titles and running heads, without any program.
@Suite struct PDFStructureTests {
    // MARK: - Paragraphs

    @Test func spaceIndentationAndShortLinesEndParagraphs() {
        let spaced = document { page in
            page.write(["The first paragraph goes on for a whole", "line and a half."], y: 100)
            page.write(["The second one stands below a space and", "ends here."], y: 140)
        }
        #expect(spaced.blocks.count == 2)
        let indented = document { page in
            page.write("The first paragraph goes on for a whole line.", x: 60, y: 100)
            page.write("Another begins further to the right and goes", x: 80, y: 112)
            page.write("on at the margin as usual in old books, does it", x: 60, y: 124)
        }
        #expect(indented.blocks.map { slice(indented.text, $0.range).prefix(7) } == ["The fir", "Another"])
        let short = document {
            $0.write(
                [
                    "A short line.", "The next begins a paragraph of its own and is long",
                    "enough to fill the line to its end, or nearly so.",
                ], y: 100)
        }
        #expect(short.blocks.count == 2)
    }

    @Test func wordsPartedAtTheEndOfALineAreJoined() {
        let text = document { page in
            page.write(
                [
                    "A well-known method of infor-", "mation retrieval is a well-", "known ranking, says Smith-",
                    "Jones. It is also a long-", "term plan.",
                ], y: 100)
            page.write("A long way and a term.", y: 300)
        }.text
        #expect(
            text.hasPrefix(
                "A well-known method of information retrieval is a well-known ranking, says Smith- Jones. It is also a long-term plan."))
    }

    @Test func linesOfIdeographsAreJoinedWithoutSpace() {
        let text = document { page in
            page.write(["東京は日本の首都であり、多くの人", "が住んでいる。人口はおよそ1,400", "万人である。"], y: 100)
            page.write(["한국어는 띄어쓰기를 하는 언어이며 줄이 바뀌어도", "빈칸이 남는다."], y: 300)
        }.text
        #expect(text == "東京は日本の首都であり、多くの人が住んでいる。人口はおよそ1,400万人である。\n\n한국어는 띄어쓰기를 하는 언어이며 줄이 바뀌어도 빈칸이 남는다.")
    }

    @Test func itemsOfLists() {
        let found = document { page in
            page.write("You need the following things for it:", y: 100)
            for (index, line) in ["a large bowl that holds at least three", "litres of water", "flour"].enumerated() {
                if index != 1 { page.write(index == 0 ? "•" : "\u{F0B7}", x: 60, y: 114 + Double(index) * 12) }
                page.write(line, x: 80, y: 114 + Double(index) * 12)
            }
            page.write(["(a) the first rule of this long list of rules", "(b) the second rule"], y: 200)
        }
        #expect(
            found.outline == [
                "paragraph: You need the following things for it:", "listItem: • a large bowl that holds at least three litres of water",
                "listItem: • flour", "listItem: (a) the first rule of this long list of rules", "listItem: (b) the second rule",
            ])
    }

    @Test(arguments: ["1.", "(a)", "iv)", "①", "•", "（１）", "12)"])
    func marksOfItems(mark: String) {
        #expect(ListMarker.strength(of: mark + " text") != nil)
    }

    @Test(arguments: ["2022. The", "the (a)", "1.2 Scope", "3 of", "—", "A.B. Smith", "word) x"])
    func noMarksOfItems(text: String) {
        #expect(ListMarker.strength(of: text) == nil)
    }

    // MARK: - Headings

    @Test func headingsByTheirSize() {
        let found = document { page in
            page.write("Annual Report", y: 40, size: 24)
            page.write("Markets", y: 90, size: 14)
            page.write(proseLines(6, length: 70), y: 120)
            page.write("Europe and all of its many different", y: 220, size: 14)
            page.write("Regions", y: 235, size: 14)
            page.write(proseLines(6, length: 70), y: 260)
        }
        #expect(found.blocks.map(\.kind) == [.heading(level: 1), .heading(level: 2), .paragraph, .heading(level: 2), .paragraph])
        #expect(found.headings == ["Annual Report", "Markets", "Europe and all of its many different Regions"])
        #expect(found.title == "Annual Report")
    }

    @Test(arguments: [
        "Item 7. Management's Discussion", "1.2 Scope of work", "第3条（目的）", "NOTE 4 — INVENTORIES", "BALANCE SHEETS", "PART II",
    ])
    func headingsInTheSizeOfTheText(title: String) {
        let found = document { page in
            page.write(proseLines(6, length: 70), y: 60)
            page.write(title, y: 160)
            page.write(proseLines(6, length: 70), y: 190)
        }
        #expect(found.headings == [title])
    }

    @Test(arguments: [
        "This is a sentence that stands alone.", "Note to readers", "1. buy milk", "net income", "ACME", "2024", "Yes ☐ No ☒",
        "Item 7 of the list",
        "Washington, the 5th of May,",
    ])
    func noHeadings(line: String) {
        let found = document { page in
            page.write(proseLines(6, length: 70), y: 60)
            page.write(line, y: 160)
            page.write(proseLines(6, length: 70), y: 190)
        }
        #expect(found.headings == [])
    }

    @Test func largeParagraphsAreText() {
        let found = document { page in
            page.write(proseLines(8, length: 60), y: 60, step: 18, size: 14)
            page.write(proseLines(20, length: 70), y: 260)
            page.write("A line in that size", y: 540, size: 14)
        }
        #expect(found.headings == [])
    }

    // MARK: - Title

    @Test(arguments: [
        ("The Whole Truth", "The Whole Truth"), ("untitled", "Largest Text"), ("Microsoft Word - draft3.doc", "Largest Text"),
        ("report_final.docx", "Largest Text"), ("Document1", "Largest Text"), ("(anonymous)", "Largest Text"), ("", "Largest Text"),
        ("PowerPoint Presentation", "Largest Text"), ("C:\\temp\\x", "Largest Text"), ("化粧品基準", "化粧品基準"),
    ])
    func titles(declared: String, expected: String) {
        var page = DrawnPage()
        page.write("Largest Text", y: 40, size: 20)
        page.write(proseLines(6, length: 70), y: 90)
        #expect(document([page], title: declared).title == expected)
    }

    @Test func aStampInTheMarginIsNoTitle() {
        var page = PageWords(number: 1, width: 600, height: 800)
        page.beginLine()
        for (index, word) in ["draft:2004", "[cs.CL]", "September"].enumerated() {
            let top = 500 - Double(index) * 120
            page.append(PageWord(text: word, box: PageBox(left: 10, top: top, right: 32, bottom: top + 100)))
        }
        var drawn = DrawnPage()
        drawn.write(proseLines(8, length: 70), y: 120)
        for line in drawn.words.lines {
            page.beginLine()
            for word in line { page.append(word) }
        }
        var pages = PDFPages()
        pages.append(page)
        let found = pages.document(title: nil)
        #expect(found.title == nil)
        #expect(found.text.hasSuffix("\n\ndraft:2004 [cs.CL] September"))
    }

    // MARK: - Running heads

    private func book(_ count: Int, head: (Int) -> String, foot: (Int) -> String) -> ExtractedDocument {
        document(
            (1...count).map { number in
                var page = DrawnPage(number)
                page.write(head(number), y: 20)
                page.write(proseLines(8, length: 60, seed: number), y: 60)
                page.write(foot(number), x: 290, y: 760)
                return page
            })
    }

    @Test func headsAndPageNumbersOfManyPagesGo() {
        let found = book(12, head: { _ in "Quarterly Bulletin" }, foot: { "Page \($0) of 12" })
        #expect(!found.text.contains("Bulletin"))
        #expect(!found.text.contains("Page"))
        #expect(found.blocks.count { $0.kind == .paragraph } == 12)
    }

    @Test func headsOfOddAndEvenPagesAndChaptersGo() {
        let found = book(40, head: { $0 % 2 == 0 ? "\($0) The Book" : "Chapter \($0 / 20 + 1) \($0)" }, foot: { _ in "." })
        #expect(!found.text.contains("The Book"))
        #expect(!found.text.contains("Chapter"))
    }

    @Test func whatStandsOnFewPagesStays() {
        let found = book(40, head: { $0 < 4 ? "Preface" : "Word number \(String(repeating: "x", count: $0))" }, foot: { _ in "." })
        #expect(found.text.components(of: "Preface") == 3)
    }

    @Test func shortDocumentsLoseOnlyBarePageNumbers() {
        let found = book(2, head: { _ in "Quarterly Bulletin" }, foot: { "- \($0) -" })
        #expect(found.text.components(of: "Quarterly Bulletin") == 2)
        #expect(!found.text.contains("- 1 -"))
    }

    @Test func totalsAtTheEndOfPagesStay() {
        let found = book(12, head: { "Account \($0),000.50" }, foot: { "Total \($0),345.10" })
        #expect(found.text.components(of: "Total") == 12)
        #expect(found.text.components(of: "Account") == 12)
    }

    @Test(arguments: ["12", "- 3 -", "Page 3 of 10", "3 / 10", "F-12", "xiv", "1／11", "[7]", "3 頁"])
    func pageNumbers(text: String) {
        #expect(PageNumber.isBare(text))
    }

    @Test(arguments: ["1,200", "Page", "Total 12", "12 apples", "2024 Annual Report 7", "", "$5", "12345"])
    func noPageNumbers(text: String) {
        #expect(!PageNumber.isBare(text))
    }

    // MARK: - Pages

    @Test func blocksKnowTheirPages() {
        let pages = (1...3).map { number in
            var page = DrawnPage(number)
            if number != 2 { page.write(proseLines(3, seed: number), y: 100) }
            return page
        }
        let found = document(pages)
        #expect(found.blocks.map(\.page) == [1, 2, 3, 3])
        #expect(found.blocks.map(\.kind) == [.paragraph, .pageBreak, .pageBreak, .paragraph])
    }
}

extension String {
    /// How often `part` occurs.
    fileprivate func components(of part: String) -> Int {
        ranges(of: part).count
    }
}
