import Testing

@testable import Extraction

private func text(_ body: String) throws(ExtractionError) -> String {
    try extract("<html><body>\(body)</body></html>", as: "a.html").text
}

@Suite struct HTMLTableTests {
    @Test func tablesOfDataAreTables() throws {
        let table = "<table><caption>Prices</caption><tr><th>Item<th>Price<tr><td>Pen | ink<td>2 <b>€</b><tr><td>Paper<td>&nbsp;</table>"
        #expect(try text(table) == "Prices\n\n| Item | Price |\n|---|---|\n| Pen \\| ink | 2 € |\n| Paper |  |")
    }

    @Test func cellsAreFlat() throws {
        let table = """
            <table><tr><th>A<th>B<tr><td><p>one</p><p>two<br>three</p><td><ul><li>x<li>y.<li>z</ul>
            <tr><td><a href=u>link</a><td><table><tr><td>in<td>side</table></table>
            """
        #expect(try text(table) == "| A | B |\n|---|---|\n| one two three | x; y. z |\n| link | in side |")
    }

    @Test func spansReachOverRowsAndColumns() throws {
        let table = """
            <table><thead><tr><th rowspan=2>Town<th colspan=2>People<tr><th>2019<th>2020</thead>
            <tr><td rowspan=2>Ulm<td>1<td>2<tr><td colspan=2>3<tr><td>Bonn<td>4<td>5</table>
            """
        #expect(
            try text(table)
                == "| Town | People 2019 | People 2020 |\n|---|---|---|\n| Ulm | 1 | 2 |\n| Ulm | 3 |  |\n| Bonn | 4 | 5 |")
    }

    @Test func titlesOverTheWholeWidthStandAbove() throws {
        let table = "<table><tr><th colspan=2>Fares</th></tr><tr><th>From<th>To</tr><tr><td>A<td>B</table>"
        #expect(try text(table) == "Fares\n\n| From | To |\n|---|---|\n| A | B |")
    }

    @Test func boxesOfPropertiesAreLines() throws {
        let table = "<table><tr><th colspan=2>Duck</th></tr><tr><th>Class:<td>Birds<tr><th>Family<td>Anatidae</table>"
        #expect(try text(table) == "Duck\n\n- Class: Birds\n- Family: Anatidae")
    }

    @Test(arguments: [
        "<table><tr><td><h1>T</h1><p>left</p></td><td>right</td></tr><tr><td>a<td>b</table>",
        "<table><tr><td>T</td><td>left</td><td>right<tr><td>a<tr><td>b<table><tr><td>x</table></table>",
        "<table role=presentation><tr><td>T<td>left<tr><td>right<td>a b</table>", "<table><tr><td>T<tr><td>left<tr><td>right a b</table>",
        "<table><tr><td>T<td>left right<td>a b</table>",
    ])
    func tablesThatArrangeAPageAreRead(table: String) throws {
        let document = try extract("<body>\(table)", as: "a.html")
        #expect(!document.blocks.contains { $0.kind == .table })
        #expect(document.text.split(whereSeparator: \.isWhitespace).prefix(5) == ["T", "left", "right", "a", "b"])
    }

    @Test func longTablesRepeatTheirTitles() throws {
        let rows = (1...450).map { "<tr><td>\($0)<td>x" }.joined()
        let document = try extract("<body><table><tr><th>No<th>Mark\(rows)</table>", as: "a.html")
        #expect(document.blocks.count == 3)
        for block in document.blocks {
            let block = slice(document.text, block.range)
            #expect(block.hasPrefix("| No | Mark |\n|---|---|\n"))
        }
        #expect(document.text.hasSuffix("| 450 | x |"))
    }
}
