@testable import Extraction

/// Random documents: texts out of whole constructs, torn constructs and noise, and blocks as readers of other formats write them.
enum RandomDocument {
    static func text(using random: inout SeededGenerator) -> String {
        let count = Int.random(in: 1...120, using: &random)
        let lines = (0..<count).map { _ in line(using: &random) }
        return "x\n" + lines.joined(separator: ["\n", "\r\n", "\n\n"].randomElement(using: &random) ?? "\n")
    }

    /// Blocks of every kind that ``DocumentBuilder`` writes, most of them on pages.
    static func blocks(using random: inout SeededGenerator) -> ExtractedDocument {
        var builder = DocumentBuilder()
        let hasPages = Int.random(in: 0..<4, using: &random) > 0
        if hasPages { builder.beginPage(1) }
        builder.append(.paragraph, prose(1, using: &random))
        for _ in 0..<Int.random(in: 1...60, using: &random) {
            switch Int.random(in: 0..<12, using: &random) {
            case 0: builder.append(.heading(level: Int.random(in: 1...4, using: &random)), words(1...6, using: &random))
            case 1: builder.appendTable(table(using: &random))
            case 2: builder.append(.code, code(using: &random))
            case 3...5:
                builder.append(.paragraph, words(1...5, using: &random) + ":")
                for _ in 0..<Int.random(in: 1...15, using: &random) { builder.append(.listItem, "- " + prose(1, using: &random)) }
            case 6 where hasPages: builder.beginPage((builder.page ?? 1) + 1)
            case 7: builder.append(.quote, "> " + prose(2, using: &random))
            default: builder.append(.paragraph, prose(Int.random(in: 1...12, using: &random), using: &random))
            }
        }
        return builder.document(.docx)
    }

    static func configuration(using random: inout SeededGenerator) -> ChunkingConfiguration {
        var configuration = ChunkingConfiguration(targetTokens: [64, 90, 150, 350].randomElement(using: &random) ?? 350)
        if Bool.random(using: &random) {
            configuration.maximumTokens = configuration.targetTokens + Int.random(in: 0...64, using: &random)
            configuration.minimumTokens = Int.random(in: 0..<configuration.targetTokens / 2, using: &random)
        }
        configuration.overlapFraction = [0, 0.15, 0.5].randomElement(using: &random) ?? 0.15
        return configuration
    }

    // MARK: - Parts of blocks

    private static let sentences = [
        "The harbour office opens at seven.", "Ferries leave every forty minutes, and tickets cost more on board.",
        "바람이 세지면 선장이 운항을 취소합니다.",
        "배는 사십 분마다 떠납니다.", "港の事務所は朝七時に開きます。", "犬は無料ですが、自転車には料金がかかります。", "Dr. Smith paid 3.5 dollars, e.g. to Mr. J. R. Jones.", "Why?",
    ]

    private static func prose(_ count: Int, using random: inout SeededGenerator) -> String {
        (0..<count).map { _ in sentences.randomElement(using: &random) ?? "" }.joined(separator: " ")
    }

    private static func words(_ count: ClosedRange<Int>, using random: inout SeededGenerator) -> String {
        (0..<Int.random(in: count, using: &random)).map { _ in ["Prices", "안내", "料金表", "North"].randomElement(using: &random) ?? "" }
            .joined(separator: " ")
    }

    private static func table(using random: inout SeededGenerator) -> [[String]] {
        let columns = Int.random(in: 1...(Bool.random(using: &random) ? 4 : 30), using: &random)
        return (0..<Int.random(in: 1...60, using: &random)).map { _ in (0..<columns).map { _ in words(1...3, using: &random) } }
    }

    private static func code(using random: inout SeededGenerator) -> String {
        let lines = (0..<Int.random(in: 1...60, using: &random)).map { number in
            Int.random(in: 0..<5, using: &random) == 0 ? "" : "    let value\(number) = compute(\(number), of: items)"
        }
        return "```\n" + lines.joined(separator: "\n") + "\n```"
    }

    // MARK: - Lines of texts

    private static let starts = [
        "", "", "", "", "# ", "## ", "### ", "###### ", "- ", "  - ", "1. ", "> ", "> - ", "    ", "\t", "```", "~~~ ", "<div>", "<!-- ",
        "| ", "\u{3000}", "[a]: ",
    ]
    private static let wholeLines = [
        "", "", "---", "===", "***", "|---|---|", "| a | b |", "```", "-->", "-", ">", "...", "1. TITLE", "第1条", "제1장 총칙", "[x]: http://y",
        " \t", "\u{2028}", "\u{A0}",
    ]
    private static let lineWords = [
        "alpha", "beta.", "gamma,", "Delta!", "문장입니다.", "한국어", "日本語の文です。", "漢字、", "e\u{301}", "🙂", "👩‍👩‍👧", "|", "`code`", "*x*", "[l](u)",
        "3.14", "e.g.", "\u{200B}",
        "averyveryverylongwordwithoutanyspaceinsidewhateverhappens", "\u{1112}\u{1161}\u{11AB}",
    ]

    private static func line(using random: inout SeededGenerator) -> String {
        if Int.random(in: 0..<3, using: &random) == 0 { return wholeLines.randomElement(using: &random) ?? "" }
        let count = Int.random(in: 0...(Bool.random(using: &random) ? 6 : 60), using: &random)
        let text = (0..<count).map { _ in lineWords.randomElement(using: &random) ?? "" }
        return (starts.randomElement(using: &random) ?? "") + text.joined(separator: Bool.random(using: &random) ? " " : "")
    }
}
