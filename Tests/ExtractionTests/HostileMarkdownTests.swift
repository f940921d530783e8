import Testing

@testable import Extraction

/// Files made to exhaust a parser: each must be read and cut, whole, without deep recursion and in bounded memory.
@Suite struct HostileMarkdownTests {
    private static let files: [(String, String)] = [
        ("quotations", String(repeating: ">", count: 100_000) + " a"),
        ("spaced quotations", String(repeating: "> ", count: 100_000) + "a\n\nb"),
        ("bullets", String(repeating: "- ", count: 50_000) + "a"),
        ("rule of pluses and stars", String(repeating: "+ * ", count: 50_000)),
        ("brackets", String(repeating: "[", count: 100_000) + "a" + String(repeating: "]", count: 100_000)),
        ("images", String(repeating: "![[]()", count: 50_000)),
        ("emphasis", String(repeating: "*a_", count: 50_000)),
        ("backticks", (1...400).map { String(repeating: "`", count: $0) }.joined(separator: "a")),
        ("nested list", (0..<400).map { String(repeating: "  ", count: $0) + "- a\n" }.joined() + String(repeating: "\n", count: 100_000) + "b"),
        ("wide table", String(repeating: "a|", count: 20_000) + "\n" + String(repeating: "-|", count: 20_000) + "\n" + String(repeating: "x\n", count: 20_000)),
        ("headings", String(repeating: "# [a](b\n", count: 20_000)),
        ("one heading", "# " + String(repeating: "[a](", count: 50_000)),
        ("marks", "a" + String(repeating: "\u{301}", count: 50_000)),
        ("definitions", String(repeating: "[a]: b '\n", count: 20_000)),
        ("empty items", String(repeating: "-\n", count: 20_000)),
        ("blank inside", "a" + String(repeating: " ", count: 100_000) + "b" + String(repeating: "\n", count: 100_000) + "c"),
    ]

    @Test(arguments: files)
    func isReadAndCutWhole(name: String, text: String) throws {
        let document = try extract(text)
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
