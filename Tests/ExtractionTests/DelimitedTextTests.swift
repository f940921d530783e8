import Testing

@testable import Extraction

private func text(_ source: String, as fileName: String = "a.csv") throws(ExtractionError) -> String {
    try extract(source, as: fileName).text
}

@Suite struct DelimitedTextTests {
    @Test func valuesInQuotationMarksHoldAnything() throws {
        let source = "name,note\r\n\"Doe, J.\",\"said \"\"no\"\"\r\nand left\"\r\nRoe,\"\"\r\n\"a|b\" ,5\" pipe\r\n"
        #expect(
            try text(source)
                == "| name | note |\n|---|---|\n| Doe, J. | said \"no\" and left |\n| Roe |  |\n| a\\|b | 5\" pipe |")
    }

    @Test(arguments: [(",", "a.csv"), (";", "a.csv"), ("\t", "a.csv"), ("|", "a.csv"), ("\t", "a.tsv"), (",", "a.tsv")])
    func delimitersAreFound(delimiter: String, name: String) throws {
        let rows = [["item", "price"], ["pen, red; blue", "1"], ["ink", "2"]]
        let source = rows.map { $0.map { "\"\($0)\"" }.joined(separator: delimiter) }.joined(separator: "\n")
        let document = try extract(source, as: name)
        #expect(document.text == "| item | price |\n|---|---|\n| pen, red; blue | 1 |\n| ink | 2 |")
        #expect(document.mediaType == (name == "a.csv" ? .csv : .tsv))
    }

    @Test func decimalCommasDoNotDivide() throws {
        #expect(
            try text("Ort;Preis;Menge\nUlm;1,5;2,5\nBonn;3,25;4\n").hasPrefix("| Ort | Preis | Menge |\n|---|---|---|\n| Ulm | 1,5 | 2,5 |")
        )
        #expect(try text("sep=|\na,b|c,d\n1,2|3,4\n") == "| a,b | c,d |\n|---|---|\n| 1,2 | 3,4 |")
    }

    @Test func rowsMayHaveDifferentLengths() throws {
        #expect(try text("a,b,c\n1\n\n,,\n1,2,3,4,,\n") == "| a | b | c |  |\n|---|---|---|---|\n| 1 |  |  |  |\n| 1 | 2 | 3 | 4 |")
        #expect(try text("\u{FEFF}only\none\n") == "| only |\n|---|\n| one |")
    }

    @Test func rowsOfDataGetTitlesByNumber() throws {
        #expect(
            try text("1,2.5,2024-01-02\n2,3.5,2024-01-03\n").hasPrefix("| Column 1 | Column 2 | Column 3 |\n|---|---|---|\n| 1 | 2.5 |"))
        #expect(try text("Ann,31\nBob,25\n").hasPrefix("| Column 1 | Column 2 |"))
        #expect(try text("Country,2019,2020\nKorea,1.5,2.5\n").hasPrefix("| Country | 2019 | 2020 |"))
        #expect(try text("이름,나이\n김,31\n").hasPrefix("| 이름 | 나이 |"))
        #expect(try text("Question,Answer\nWhy?,Because.\n").hasPrefix("| Question | Answer |"))
    }

    @Test func linesAboveTheTableAreParagraphs() throws {
        let document = try extract("Report of May,,\n\nItem,Price,Stock\nPen,1,20\nInk,2,30\nPad,3,40\n", as: "a.csv")
        #expect(document.outline.first == "paragraph: Report of May")
        #expect(document.outline.last?.hasPrefix("table: | Item | Price | Stock |") == true)
    }

    @Test func aQuotationMarkThatIsNeverClosedIsACharacter() throws {
        #expect(try text("a,b\n\"x,1\ny,2\n") == "| a | b |\n|---|---|\n| \"x | 1 |\n| y | 2 |")
    }

    @Test func longTablesAreBlocksUnderTheSameTitles() throws {
        let rows = (1...1000).map { "\($0),text \($0)" }.joined(separator: "\n")
        let document = try extract("id,note\n\(rows)\n", as: "a.csv")
        #expect(document.blocks.count == 5)
        for block in document.blocks {
            let block = slice(document.text, block.range)
            #expect(block.hasPrefix("| id | note |\n|---|---|\n") && block.utf8.count < 40_000)
        }
        for number in 1...1000 { #expect(document.text.contains("| \(number) | text \(number) |")) }
    }

    /// Any rows come back from their text, whatever stands in the values.
    @Test(arguments: 0..<60)
    func rowsSurviveTheirNotation(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let values = ["a", "", "x,y", "q\"q", "l\nl", "한국", "\"", ";", " s ", "1.5", "\"\""]
        let rows = (0..<Int.random(in: 1...8, using: &random)).map { _ in
            ["k"] + (0..<Int.random(in: 1...5, using: &random)).map { _ in values.randomElement(using: &random) ?? "" }
        }
        let source = rows.map { $0.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",") }.joined(separator: "\n")
        var bytes = source
        let read = bytes.withUTF8 { buffer in
            var text = DelimitedText(buffer, delimiter: UInt8(ascii: ","))
            var read: [[String]] = []
            while let row = text.nextRow() { read.append(row) }
            return read
        }
        #expect(read == rows)
    }

    @Test(arguments: [
        "a,b\n" + String(repeating: ",", count: 300_000) + "x\n" + String(repeating: "1,2\n", count: 100_000),
        "a,b\n" + String(repeating: "\"x,", count: 200_000), String(repeating: "\"", count: 300_001),
        String(repeating: ",\n", count: 100_000) + "x",
        (0..<20_000).map { "c\($0)" }.joined(separator: ",") + "\n" + String(repeating: "1\n", count: 50_000),
    ])
    func whatIsWrittenStaysInProportion(source: String) throws {
        let document = try extract(source, as: "a.csv")
        #expect(document.text.utf8.count < 14 * source.utf8.count)
        expectCover(of: document)
    }
}

/// Expects that every visible scalar lies in exactly one block.
func expectCover(of document: ExtractedDocument, sourceLocation: SourceLocation = #_sourceLocation) {
    var end = 0
    let scalars = Array(document.text.unicodeScalars)
    for block in document.blocks {
        #expect(block.range.lowerBound >= end, "ascending", sourceLocation: sourceLocation)
        #expect(!scalars[end..<block.range.lowerBound].contains { !$0.properties.isWhitespace }, sourceLocation: sourceLocation)
        end = block.range.upperBound
    }
    #expect(!scalars[end...].contains { !$0.properties.isWhitespace }, sourceLocation: sourceLocation)
}
