import TextAnalysis
import Testing

@testable import Extraction

@Suite struct ChunkerTests {
    private func chunks(_ text: String, as fileName: String = "a.md", _ configuration: ChunkingConfiguration = .init()) throws -> [Chunk] {
        let document = try extract(text, as: fileName)
        let chunks = try Chunker(configuration: configuration).chunks(of: document)
        expectContract(of: chunks, for: document, configuration)
        return chunks
    }

    @Test func shortTextIsOneChunk() throws {
        let chunk = try #require(try chunks(" \n Hello there. \n\n", as: "a.txt").first)
        #expect(chunk.content == "Hello there.")
        #expect(chunk.charStart == 3 && chunk.charEnd == 15)
        #expect(chunk.headingPath.isEmpty && chunk.pageFrom == nil && chunk.pageTo == nil)
        #expect(chunk.embeddingText == chunk.content)
        #expect(chunk.tokenCount == TokenEstimator().count("Hello there."))
    }

    @Test func everyLargeSectionIsAChunkWithItsPath() throws {
        let chunks = try chunks(
            "# Guide\n\n## Set *up*\n\n\(sentences(20))\n\n#### Deep\n\n\(sentences(20))\n\n## Use\n\n\(sentences(20))\n")
        #expect(chunks.map(\.headingPath) == [["Guide", "Set up"], ["Guide", "Set up", "Deep"], ["Guide", "Use"]])
        #expect(chunks[0].content.hasPrefix("# Guide\n\n## Set *up*\n\nThe ledger"))
        #expect(chunks[1].embeddingText.hasPrefix("Guide > Set up\n\n#### Deep"))
    }

    @Test func chunksNeverSpanTopHeadings() throws {
        let chunks = try chunks("Preface.\n\n# A\n\nShort.\n\n# B\n\nShort too.\n\n## C\n\nAs well.")
        #expect(chunks.map(\.content) == ["Preface.", "# A\n\nShort.", "# B\n\nShort too.\n\n## C\n\nAs well."])
        #expect(chunks.map(\.headingPath) == [[], ["A"], ["B"]])
    }

    @Test func smallSectionsMergeWithTheirNearestNeighbour() throws {
        let chunks = try chunks(
            "# T\n\n## A\n\n\(sentences(18))\n\n## B\n\nFew words.\n\n### B1\n\n\(sentences(18))\n\n## C\n\nFew words too.")
        #expect(chunks.map(\.headingPath) == [["T", "A"], ["T"]])
        #expect(chunks[1].content.hasPrefix("## B\n\nFew words.\n\n### B1"))
        #expect(chunks[1].content.hasSuffix("Few words too."))
    }

    @Test func onlyACutSectionOverlapsInWholeSentences() throws {
        let chunks = try chunks("# A\n\n\(sentences(100))\n\n# B\n\n\(sentences(60, about: "stock"))")
        let first = chunks.filter { $0.headingPath == ["A"] }
        #expect(first.count >= 3)
        for (previous, next) in zip(first, first.dropFirst()) {
            #expect(next.content.hasPrefix("The ledger") && previous.content.hasSuffix("by hand."))
            let overlap = slice(try extract("# A\n\n\(sentences(100))").text, next.charStart..<previous.charEnd)
            #expect((26...80).contains(TokenEstimator().count(overlap)))
        }
        let firstOfB = try #require(chunks.first { $0.headingPath == ["B"] })
        #expect(firstOfB.content.hasPrefix("# B"))
    }

    @Test func sizesAreNearTheTarget() throws {
        let sizes = try chunks(sentences(400), as: "a.txt").map(\.tokenCount)
        #expect(sizes.allSatisfy { (250...450).contains($0) })
    }

    @Test func noOverlapWhenNoneIsAsked() throws {
        var configuration = ChunkingConfiguration()
        configuration.overlapFraction = 0
        let chunks = try chunks(sentences(100), as: "a.txt", configuration)
        #expect(zip(chunks, chunks.dropFirst()).allSatisfy { $0.charEnd < $1.charStart })
    }

    @Test func sentencesStayWholeInKoreanAndJapanese() throws {
        let korean = (0..<80).map { "이 문장은 \($0)번째로 확인한 내용을 설명합니다." }.joined(separator: " ")
        let japanese = (0..<80).map { "これは\($0)番目に確認した内容を説明する文です。" }.joined()
        #expect(try chunks(korean, as: "a.txt").allSatisfy { $0.content.hasPrefix("이 문장은") && $0.content.hasSuffix("설명합니다.") })
        #expect(try chunks(japanese, as: "a.txt").allSatisfy { $0.content.hasPrefix("これは") && $0.content.hasSuffix("文です。") })
    }

    @Test func sentencesBeyondTheMaximumAreCutAtClausesThenWordsThenAnywhere() throws {
        let clauses = (0..<200).map { "and the \($0)th clause follows" }.joined(separator: ", ")
        #expect(try chunks(clauses, as: "a.txt").dropLast().allSatisfy { $0.content.hasSuffix(",") })
        let words = (0..<600).map { "word\($0)" }.joined(separator: " ")
        #expect(try chunks(words, as: "a.txt").allSatisfy { $0.content.hasPrefix("word") })
        let unbroken = String(repeating: "漢字", count: 800)
        #expect(try chunks(unbroken, as: "a.txt").map(\.content).joined() == unbroken)
    }

    @Test(arguments: ["A part of it", "３．安否確認"])
    func unmarkedHeadingsStayWithTheTextBelow(heading: String) throws {
        let parts = (0..<12).map { "\(heading)\n\n\(sentences(3 + $0))" }
        for chunk in try chunks(parts.joined(separator: "\n\n"), as: "a.txt") {
            #expect(chunk.content.hasSuffix("by hand."))
        }
    }

    @Test func equalHeadingWordsAreStillTwoHeadings() throws {
        let chunks = try chunks("# Notes\n\nOne.\n\n# Notes\n\nTwo.")
        #expect(chunks.map(\.content) == ["# Notes\n\nOne.", "# Notes\n\nTwo."])
    }

    @Test func theTitleOfTheFrontMatterIsEmbeddedButNotContent() throws {
        let chunk = try #require(try chunks("---\ntitle: Manual\n---\n\n## Setup\n\nDo it.").first)
        #expect(chunk.content == "## Setup\n\nDo it.")
        #expect(chunk.embeddingText == "Manual\n\n## Setup\n\nDo it.")
    }

    @Test func oneNumberSetsAllSizes() throws {
        let sizes = [64, 350, 1500].map { ChunkingConfiguration(targetTokens: $0) }
        #expect(sizes.map(\.minimumTokens) == [11, 64, 274] && sizes.map(\.maximumTokens) == [82, 450, 1928])
        for configuration in sizes {
            let tokens = try chunks(sentences(1000), as: "a.txt", configuration).map(\.tokenCount)
            let near = configuration.targetTokens * 2 / 3...configuration.maximumTokens
            #expect(tokens.dropLast().allSatisfy(near.contains))
        }
    }

    @Test func contradictoryConfigurationsAreRefused() throws {
        let document = try extract("text")
        let spoilers: [(inout ChunkingConfiguration) -> Void] = [
            { $0.targetTokens = 63 }, { $0.targetTokens = 1501 }, { $0.maximumTokens = 349 }, { $0.maximumTokens = 701 },
            { $0.minimumTokens = 350 }, { $0.minimumTokens = -1 },
            { $0.overlapFraction = 0.6 },
            { $0.overlapFraction = .nan },
        ]
        for spoil in spoilers {
            var configuration = ChunkingConfiguration()
            spoil(&configuration)
            #expect(throws: ChunkingError.self) { try Chunker(configuration: configuration).chunks(of: document) }
        }
    }

    @Test func cancellationStops() async throws {
        let document = try extract("text")
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try Chunker().chunks(of: document)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
