import Testing

@testable import Extraction

@Suite struct JSONReaderTests {
    @Test func membersAreLinesInTheOrderOfTheSource() throws {
        let source = #"{"z": 1.50, "a": {"b": true, "c": {"d": "x"}}, "list": [1, "two", false], "none": null, "empty": "", "e": []}"#
        #expect(try extract(source, as: "a.json").outline == ["paragraph: z: 1.50\na.b: true\na.c.d: x\nlist: 1, two, false"])
    }

    @Test func escapesAreDecoded() throws {
        let source = #"{"k\u00e9y": "tab\tquote\" slash\/ \u6587\uD83D\uDE42 half \uD83D end"}"#
        #expect(try extract(source, as: "a.json").text == "kéy: tab\tquote\" slash/ 文🙂 half  end")
    }

    @Test func numbersStayAsTheyAreWritten() throws {
        #expect(
            try extract("[1e400, -0.0, 123456789012345678901234567890]", as: "a.json").text == "1e400, -0.0, 123456789012345678901234567890"
        )
    }

    @Test func longStringsAreParagraphsUnderTheirName() throws {
        let long = sentences(12)
        let source = #"{"id": 1, "body": "\#(long)\n\nSecond part.", "tail": "x"}"#
        #expect(
            try extract(source, as: "a.json").outline == [
                "paragraph: id: 1\nbody:", "paragraph: \(long)", "paragraph: Second part.", "paragraph: tail: x",
            ])
    }

    @Test func elementsAreRecordsUnderTheirTitle() throws {
        let document = try extract(#"[{"name": "Pen", "price": 2}, {"Title": "Ink", "colour": "blue"}, {"title": "Alone"}]"#, as: "a.json")
        #expect(
            document.outline == [
                "heading(level: 3): Pen", "paragraph: price: 2", "heading(level: 3): Ink", "paragraph: colour: blue",
                "paragraph: title: Alone",
            ])
        #expect(try extract(#"{"title": "Stock", "n": 1}"#, as: "a.json").title == "Stock")
    }

    @Test func likeObjectsInsideARecordAreATable() throws {
        let document = try extract(#"{"shop": "Ulm", "items": [{"name": "Pen", "n": 1}, {"name": "Ink", "n": [2, 3]}]}"#, as: "a.json")
        #expect(document.outline == ["paragraph: shop: Ulm\nitems:", "table: | name | n |\n|---|---|\n| Pen | 1 |\n| Ink | 2, 3 |"])
    }

    @Test func unlikeElementsAreListedByNumber() throws {
        let source = #"{"steps": [{"do": "mix"}, {"wait": {"min": 5}}, "done"]}"#
        #expect(try extract(source, as: "a.json").text == "steps[0].do: mix\nsteps[1].wait.min: 5\nsteps[2]: done")
    }

    @Test func largeMembersStandUnderTheirName() throws {
        let items = (0..<200).map { #"{"title": "Item \#($0)", "text": "\#(sentences(5))"}"# }.joined(separator: ",")
        let document = try extract(#"{"version": 2, "catalog": {"items": [\#(items)]}, "end": "x"}"#, as: "a.json")
        #expect(document.headings.prefix(4) == ["catalog", "items", "Item 0", "Item 1"])
        #expect(document.outline.first == "paragraph: version: 2" && document.outline.last == "paragraph: end: x")
        expectCover(of: document)
    }

    @Test func linesAreRecords() throws {
        let document = try extract("{\"a\": 1}\r\n\n  {\"title\": \"T\", \"b\": \"x\"}\n[1, 2]\n", as: "a.jsonl")
        #expect(document.outline == ["paragraph: a: 1", "heading(level: 3): T", "paragraph: b: x", "paragraph: 1, 2"])
        #expect(document.mediaType == .jsonl)
    }

    // MARK: - Damage

    @Test(arguments: [
        ("{\"a\": 1,}", "line 1, column 9"), ("{\n  \"a\": tru\n}", "line 2, column 8"), ("[1 2]", "line 1, column 4"),
        ("{\"한\" 1}", "line 1, column 6"),
        ("[\"a\tb\"]", "line 1, column 4"), ("[\"\\x\"]", "line 1, column 3"), ("[01]", "line 1, column 3"), ("[1.]", "line 1, column 4"),
        ("[NaN]", "line 1, column 2"), ("{'a': 1}", "line 1, column 2"), ("[1]\n[2] x", "line 2, column 1"),
        ("[\"\\u12G4\"]", "line 1, column 3"),
        ("[", "line 1, column 2"), ("{\"a\": \"b", "line 1, column 9"), (" ", "line 1, column 2"), ("[1]]", "line 1, column 4"),
    ])
    func damageIsLocated(source: String, place: String) {
        let error = #expect(throws: ExtractionError.self) { try JSONReader().read(source) }
        #expect(error?.code == "damaged")
        #expect(error?.description.contains(place) == true, "\(String(describing: error))")
    }

    @Test func aBrokenLineIsNamed() {
        let source = (1...6).map { "{\"n\": \($0)}\n" }.joined() + "{\"n\": \n{}\n"
        let error = #expect(throws: ExtractionError.self) { try extract(source, as: "a.jsonl") }
        #expect(error?.description.contains("line 7: ") == true)
    }

    @Test func nestingIsBounded() throws {
        let deepest = String(repeating: "[", count: 256) + "1" + String(repeating: "]", count: 256)
        #expect(try extract(deepest, as: "a.json").text.hasSuffix("1"))
        for source in [String(repeating: "[", count: 500_000), String(repeating: "{\"a\":", count: 300_000), "[\(deepest)]"] {
            let error = #expect(throws: ExtractionError.self) { try extract(source, as: "a.json") }
            #expect(error?.description.contains("nests deeper than 256 levels") == true)
        }
    }

    @Test func longNamesDoNotMultiply() throws {
        let members = (0..<5000).map { "\"m\($0)\": 1" }.joined(separator: ",")
        let source = "{\"\(String(repeating: "k", count: 2000))\": {\"\(String(repeating: "j", count: 2000))\": {\(members)}}}"
        let document = try extract(source, as: "a.json")
        #expect(document.text.utf8.count < 2 * source.utf8.count)
        #expect(document.text.contains("m4999: 1"))
    }

    /// Whatever a damaged text gives, it is an error or a document that holds together.
    @Test(arguments: 0..<150)
    func mutationsAreReadOrRefused(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = Array(#"{"title": "T\u00e9", "a": [1, {"b": null}, "x"], "c": {"d": -1.5e3, "e": [[1], [2]]}}"#.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            bytes[index] = "{}[]\",:\\u0a-. \n".utf8.randomElement(using: &random) ?? 0
        }
        do {
            let document = try JSONReader().read(String(decoding: bytes, as: UTF8.self))
            expectCover(of: document)
        } catch {
            #expect(error.code == "damaged")
        }
    }
}
