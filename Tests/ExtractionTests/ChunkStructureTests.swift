import Testing

@testable import Extraction

/// Tables, lists, code and pages in passages.
@Suite struct ChunkStructureTests {
    private func chunks(_ document: ExtractedDocument, _ configuration: ChunkingConfiguration = .init()) throws -> [Chunk] {
        let chunks = try Chunker(configuration: configuration).chunks(of: document)
        expectContract(of: chunks, for: document, configuration)
        return chunks
    }

    private func rows(_ count: Int) -> String {
        (0..<count).map { "| item \($0) | \($0 * 100) yen |" }.joined(separator: "\n")
    }

    // MARK: - Tables

    @Test func longTablesAreCutBetweenRowsAndShowTheirHead() throws {
        let document = try extract("# Prices\n\n| Item | Price |\n|---|---|\n\(rows(80))\n")
        let chunks = try chunks(document)
        #expect(chunks.count > 1)
        for chunk in chunks.dropFirst() {
            #expect(chunk.content.hasPrefix("| Item | Price |\n|---|---|\n| item") && chunk.content.hasSuffix("yen |"))
            #expect(chunk.embeddingText == "Prices\n\n" + chunk.content)
            let own = slice(document.text, chunk.charStart..<chunk.charEnd)
            #expect(own.hasPrefix("| item") && chunk.content == "| Item | Price |\n|---|---|\n" + own)
        }
    }

    @Test func tablesAndCodeStayWholeWhereTheyFit() throws {
        let code = "```\n" + (0..<20).map { "let value\($0) = \($0)" }.joined(separator: "\n") + "\n```"
        let table = "| Item | Price |\n|---|---|\n\(rows(18))"
        let chunks = try chunks(try extract("\(sentences(16))\n\n\(table)\n\n\(code)\n\n\(sentences(16))"))
        #expect(chunks.contains { $0.content.contains(table) })
        #expect(chunks.contains { $0.content.contains(code) })
    }

    @Test func paddingIsTakenFromWideHeads() throws {
        let head = "| Item\(String(repeating: " ", count: 200)) | Price |\n|\(String(repeating: "-", count: 900))|---|\n"
        let chunks = try chunks(try extract(head + rows(80)), .init(targetTokens: 100))
        #expect(chunks.dropFirst().allSatisfy { $0.content.hasPrefix("| Item | Price |\n|---|---|\n| item") })
    }

    @Test func aHeadThatIsCutItselfIsNotShownBeforeItsOwnParts() throws {
        let titles = (0..<120).map { "word\($0)" }.joined(separator: " ")
        let document = try extract("| \(titles) | B |\n|---|---|\n" + rows(30))
        let configuration = ChunkingConfiguration(targetTokens: 100)
        let chunks = try chunks(document, configuration)
        expectContract(of: chunks, for: document, configuration)
        #expect(chunks[1].content.hasPrefix("word") && chunks.last?.content.hasPrefix("| word0 wo | B |\n|---|---|\n| item") == true)
    }

    @Test func longTitlesAreShortenedAndTooManyLeftOut() throws {
        func table(_ columns: Int) -> String {
            let titles = (0..<columns).map { "Quarterly revenue of the region number \($0)" }.joined(separator: " | ")
            let row = (0..<columns).map { "\($0)" }.joined(separator: " | ")
            let rule = String(repeating: "|---", count: columns)
            return "| \(titles) |\n\(rule)|\n" + (0..<60).map { _ in "| \(row) |\n" }.joined()
        }
        let shortened = try chunks(try extract(table(12)))
        #expect(shortened.count > 1 && shortened.dropFirst().allSatisfy { $0.content.hasPrefix("| Quarterl | Quarterl |") })
        let leftOut = try chunks(try extract(table(60)))
        #expect(leftOut.suffix(8).allSatisfy { $0.content.hasPrefix("| 0 | 1 |") })
    }

    // MARK: - Lists and code

    @Test func listsStayWholeWithTheLineThatIntroducesThem() throws {
        let items = (0..<14).map { "- Turn the valve number \($0) to the left" }.joined(separator: "\n")
        for before in 12...30 {
            let chunks = try chunks(try extract("\(sentences(before))\n\nThe steps are:\n\n\(items)\n\n\(sentences(30))"))
            #expect(chunks.contains { $0.content.contains("The steps are:\n\n\(items)") }, "after \(before) sentences")
        }
    }

    @Test func longListsAreCutBetweenItems() throws {
        let items = (0..<60).map { "- Turn valve \($0). Then wait.\n  - Note what the gauge \($0) shows." }.joined(separator: "\n")
        let chunks = try chunks(try extract("How to begin:\n\n\(items)"))
        #expect(chunks.count > 2 && chunks[0].content.hasPrefix("How to begin:\n\n- Turn valve 0"))
        #expect(chunks.dropFirst().allSatisfy { $0.content.hasPrefix("- ") })
    }

    @Test func longCodeIsCutAtBlankLines() throws {
        let functions = (0..<30).map { number in
            "func f\(number)() {\n" + (0..<5).map { "    print(\(number), \($0))\n" }.joined() + "}"
        }
        let chunks = try chunks(try extract("```\n\(functions.joined(separator: "\n\n"))\n```"))
        #expect(chunks.count > 2 && chunks.dropFirst().allSatisfy { $0.content.hasPrefix("func f") })
    }

    // MARK: - Pages

    @Test func passagesPreferToEndWithAPage() throws {
        var builder = DocumentBuilder()
        for page in 1...12 {
            builder.beginPage(page)
            for part in 0..<3 { builder.append(.paragraph, sentences(6, about: "page \(page) part \(part)")) }
        }
        let chunks = try chunks(builder.document(.pdf))
        #expect(chunks.allSatisfy { $0.pageFrom == $0.pageTo })
        #expect(chunks.map(\.pageFrom) == (1...12).map { $0 })
    }

    @Test func shortPagesShareAPassage() throws {
        var builder = DocumentBuilder()
        for page in 1...3 {
            builder.beginPage(page)
            builder.append(.paragraph, "Slide \(page) says little.")
        }
        let chunks = try chunks(builder.document(.pptx))
        #expect(chunks.map(\.pageFrom) == [1] && chunks.map(\.pageTo) == [3])
    }

    @Test func pagesComeFromTheBlocks() throws {
        let text = "One.\n\nTwo."
        let blocks = [
            Block(kind: .paragraph, range: 0..<4, page: 3, headingText: nil),
            Block(kind: .pageBreak, range: 5..<5, page: 4, headingText: nil),
            Block(kind: .paragraph, range: 6..<10, page: 4, headingText: nil),
        ]
        let chunks = try chunks(ExtractedDocument(mediaType: .plainText, title: nil, text: text, blocks: blocks))
        #expect(chunks.map(\.content) == [text])
        #expect(chunks.first?.pageFrom == 3 && chunks.first?.pageTo == 4)
    }
}
