import Testing

@testable import Extraction

/// The reading order of a page and what its lines become, without any program.
@Suite struct PDFLayoutTests {
    // MARK: - Columns

    @Test func columnsAreReadOneAfterTheOther() {
        let (left, right) = (proseLines(12), proseLines(12, seed: 5))
        let text = document { page in
            page.write("A title that reaches across both of the columns below", y: 40, size: 16)
            page.write(left, x: 60, y: 80)
            page.write(right, x: 320, y: 80)
        }.text
        #expect(text.hasSuffix(LineJoin().joined(left) + "\n\n" + LineJoin().joined(right)))
        #expect(text.hasPrefix("A title that"))
    }

    @Test func columnsNeedNotShareLines() {
        let (left, right) = (proseLines(14), proseLines(11, seed: 3))
        let text = document { page in
            page.write(left, x: 60, y: 80)
            page.write(right, x: 320, y: 86, step: 13.5)
        }.text
        #expect(text == LineJoin().joined(left) + "\n\n" + LineJoin().joined(right))
    }

    @Test func threeColumns() {
        let columns = (0..<3).map { proseLines(15, length: 30, seed: $0 * 3) }
        let text = document { page in
            for (index, lines) in columns.enumerated() { page.write(lines, x: 40 + Double(index) * 180, y: 60) }
        }.text
        #expect(text == columns.map { LineJoin().joined($0) }.joined(separator: "\n\n"))
    }

    @Test func aSpaceAtTheSameHeightInBothColumnsDoesNotEndThem() {
        let parts = (0..<4).map { proseLines(10, seed: $0) }
        let text = document { page in
            page.write(parts[0], x: 60, y: 60)
            page.write(parts[1], x: 60, y: 200)
            page.write(parts[2], x: 320, y: 60)
            page.write(parts[3], x: 320, y: 200)
        }.text
        #expect(text == parts.map { LineJoin().joined($0) }.joined(separator: "\n\n"))
    }

    @Test func aPictureInOneColumnLeavesTheOrder() {
        let (left, right) = (proseLines(8), proseLines(20, seed: 5))
        let text = document { page in
            page.write(right, x: 320, y: 60)
            page.write(left, x: 60, y: 204)
        }.text
        #expect(text == LineJoin().joined(left) + "\n\n" + LineJoin().joined(right))
    }

    // MARK: - Direction

    @Test func turnedPagesReadAsIfUpright() {
        var upright = DrawnPage()
        upright.write(proseLines(6), y: 100)
        upright.write(["Second paragraph here.", "It has two lines."], y: 300)
        let expected = document([upright]).text
        for turn in [TextDirection.down, .left, .up] {
            var page = PageWords(number: 1, width: 600, height: 800)
            for line in upright.words.lines {
                page.beginLine()
                for word in line { page.append(PageWord(text: word.text, box: turned(word.box, turn))) }
            }
            var pages = PDFPages()
            pages.append(page)
            #expect(pages.document(title: nil).text == expected, "\(turn)")
        }
    }

    /// Where a box of an upright page of 600 by 800 stands when its text runs in a direction.
    private func turned(_ box: PageBox, _ direction: TextDirection) -> PageBox {
        switch direction {
        case .right: box
        case .down: PageBox(left: 800 - box.bottom, top: box.left, right: 800 - box.top, bottom: box.right)
        case .left: PageBox(left: 600 - box.right, top: 800 - box.bottom, right: 600 - box.left, bottom: 800 - box.top)
        case .up: PageBox(left: box.top, top: 600 - box.right, right: box.bottom, bottom: 600 - box.left)
        }
    }

    @Test func verticalJapaneseIsReadFromTheRight() {
        var page = PageWords(number: 1, width: 600, height: 800)
        for (index, line) in ["吾輩は猫である。名前は", "まだ無い。どこで生れた", "か頓と見当がつかぬ。"].enumerated() {
            page.beginLine()
            let left = 500 - Double(index) * 18
            let box = PageBox(left: left, top: 60, right: left + 12, bottom: 60 + Double(line.count) * 12)
            page.append(PageWord(text: line, box: box))
        }
        var pages = PDFPages()
        pages.append(page)
        #expect(pages.document(title: nil).text == "吾輩は猫である。名前はまだ無い。どこで生れたか頓と見当がつかぬ。")
    }

    @Test func hebrewIsPutInReadingOrder() {
        // As it stands on the page from left to right: the last letter of the last word first.
        let text = document { $0.write("םולש 12 (בוט)", y: 100) }.text
        #expect(text == "(טוב) 12 שלום")
    }

    // MARK: - Words

    @Test func whatIsDrawnTwiceIsReadOnce() {
        let text = document { page in
            page.write("Bold heading", y: 100)
            page.write("Bold heading", x: 60.3, y: 100)
            page.write("Shadow", y: 130)
            page.write("Shadow", x: 61, y: 131)
        }.text
        #expect(text == "Bold heading\n\nShadow")
    }

    @Test func aWordMayRepeat() {
        #expect(document { $0.write("that that is is", y: 100) }.text == "that that is is")
    }

    @Test(arguments: [("ﬁnal oﬃce", "final office"), ("⽇本", "日本"), ("ﷲ", "الله"), ("１２ ㈱ x²", "１２ ㈱ x²")])
    func presentationForms(source: String, expected: String) {
        #expect(source.split(separator: " ").map { WordText.kept(String($0)) ?? "" }.joined(separator: " ") == expected)
    }

    @Test func rowsOfDotsLeadNowhere() {
        let text = document { page in
            page.write("Introduction", y: 100)
            page.write("..........", x: 200, y: 100)
            page.write("7", x: 500, y: 100)
            page.write("Method . . . . . . . .", y: 130)
        }.text
        #expect(!text.contains("."))
        #expect(text.contains("Introduction"))
    }

    @Test func aRaisedMarkStandsAtItsWord() {
        let text = document { page in
            page.write("benchmarks", y: 100)
            page.write("1", x: 110, y: 98, size: 6)
        }.text
        #expect(text == "benchmarks1")
    }
}
