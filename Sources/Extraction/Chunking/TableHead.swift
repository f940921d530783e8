/// What a passage that begins inside a table shows of its head, so that its rows can be read.
struct TableHead: Equatable {
    /// The line of titles and the rule below it, each with its `\n`.
    let text: String
    let tokens: Int
    /// The byte where the head in the table ends.
    let end: Int

    /// The head of the table `block` as it stands; where that takes more than a quarter of the target, without the padding of its cells;
    /// where that does, with each title cut to eight scalars; nil where even that does, for then it would crowd out the rows.
    init?(of block: Int, _ input: ChunkingInput) {
        let lines = Self.lines(of: input.bytes(ofBlock: block), in: input.source)
        let budget = input.configuration.targetTokens / 4
        // Each bar is a token in any form, so a head of more bars is not even tried.
        guard lines.count == 2, input.source.bytes[lines[0]].count(where: { $0 == UInt8(ascii: "|") }) <= budget else { return nil }
        let titles = MarkdownTable.cells(ofRow: input.source.bytes[lines[0]]).map { String(decoding: $0, as: UTF8.self) }
        let forms = [
            { input.source.string(lines[0]) + "\n" + input.source.string(lines[1]) + "\n" },
            { Self.plain(titles) },
            { Self.plain(titles.map { String(String.UnicodeScalarView($0.unicodeScalars.prefix(8))) }) },
        ]
        guard let fitting = forms.lazy.map({ $0() }).first(where: { input.counter.count($0) <= budget }) else { return nil }
        text = fitting
        tokens = input.counter.count(fitting)
        end = lines[1].upperBound
    }

    private static func plain(_ titles: [String]) -> String {
        "| " + titles.joined(separator: " | ") + " |\n" + String(repeating: "|---", count: titles.count) + "|\n"
    }

    /// The first two lines without the white space around them, if they are no longer than a head may reasonably be.
    private static func lines(of table: Range<Int>, in source: SourceText) -> [Range<Int>] {
        let start = table.lowerBound..<min(table.upperBound, table.lowerBound + UnitReader.longestStretch)
        return source.bytes[start].split(separator: 0x0A, maxSplits: 2).prefix(2).map {
            WhiteSpace.trim($0.startIndex..<$0.endIndex, in: source.bytes)
        }
    }
}
