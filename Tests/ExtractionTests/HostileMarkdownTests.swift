import Testing

@testable import Extraction

/// Files made to exhaust a parser: each must be read and cut, whole, without deep recursion and in bounded memory.
@Suite struct HostileMarkdownTests {
    /// A file that test reports name instead of printing it.
    struct File: CustomTestStringConvertible {
        let testDescription: String
        let text: String

        init(_ name: String, _ text: String) {
            testDescription = name
            self.text = text
        }
    }

    private static let files = [
        File("quotations", String(repeating: ">", count: 30_000) + " a"),
        File("spaced quotations", String(repeating: "> ", count: 30_000) + "a\n\nb"),
        File("bullets", String(repeating: "- ", count: 10_000) + "a"),
        File("rule of pluses and stars", String(repeating: "+ * ", count: 20_000)),
        File("brackets", String(repeating: "[", count: 30_000) + "a" + String(repeating: "]", count: 30_000)),
        File("images", String(repeating: "![[]()", count: 20_000)),
        File("emphasis", String(repeating: "*a_", count: 20_000)),
        File("backticks", (1...400).map { String(repeating: "`", count: $0) }.joined(separator: "a")),
        File(
            "nested list",
            (0..<400).map { String(repeating: "  ", count: $0) + "- a\n" }.joined() + String(repeating: "\n", count: 30_000) + "b"),
        File(
            "wide table",
            String(repeating: "a|", count: 10_000) + "\n" + String(repeating: "-|", count: 10_000) + "\n"
                + String(repeating: "x\n", count: 20_000)),
        File("headings", String(repeating: "# [a](b\n", count: 20_000)),
        File("quoted headings", String(repeating: "> # a\n", count: 20_000)),
        File("headings in items", String(repeating: "- # a\n", count: 20_000)),
        File("one heading", "# " + String(repeating: "[a](", count: 20_000)),
        File("marks", "a" + String(repeating: "\u{301}", count: 20_000)),
        File("definitions", String(repeating: "[a]: b '\n", count: 20_000)),
        File("empty items", String(repeating: "-\n", count: 20_000)),
        File("blank inside", "a" + String(repeating: " ", count: 30_000) + "b" + String(repeating: "\n", count: 30_000) + "c"),
    ]

    @Test(.timeLimit(.minutes(5)), arguments: files)
    func isReadAndCutWhole(file: File) throws {
        let document = try extract(file.text)
        let chunks = try Chunker().chunks(of: document)
        expectContract(of: chunks, for: document)
    }

    @Test func excessiveNestingIsKeptAsParagraphs() throws {
        let marks = String(repeating: ">", count: 101)
        #expect(try extract("# no\n\n\(marks) a").outline == ["paragraph: # no", "paragraph: \(marks) a"])
        #expect(try extract("\(marks.dropLast()) a").blocks.map(\.kind) == [.quote])
        #expect(try extract("a\n\n" + String(repeating: "* ", count: 200)).blocks.map(\.kind) == [.paragraph, .thematicBreak])
    }

    @Test func longHeadingsGiveShortPaths() throws {
        let document = try extract("# " + String(repeating: "文", count: 5000) + "\n\ntext")
        #expect(document.title?.unicodeScalars.count == 200)
        expectContract(of: try Chunker().chunks(of: document), for: document)
    }
}
