import TextAnalysis

/// Reads the blocks of a group of sections as units of at most the target's tokens, a stretch of text at a time, so that neither a long
/// section nor a long block is in memory as units.
struct UnitReader {
    /// The most bytes looked at at once. No passage is longer, so a sentence that is not over by then is cut in any case.
    static let longestStretch = 1 << 16

    private let input: ChunkingInput
    private let sections: [DocumentSection]
    private let segmenter = SentenceSegmenter()
    private var section = 0
    private var block: Int
    /// The bytes of the present block that are still to be read.
    private var rest = 0..<0
    /// How many lines of the present block were read.
    private var lines = 0

    init(_ input: ChunkingInput, sections: [DocumentSection]) {
        self.input = input
        self.sections = sections
        block = (sections.first?.blocks.lowerBound ?? 0) - 1
    }

    /// Appends at least one more unit to `units`; false when there is none left.
    mutating func read(into units: inout [TextUnit]) -> Bool {
        let count = units.count
        while units.count == count {
            guard !rest.isEmpty || beginNextBlock() else { return false }
            switch input.document.blocks[block].kind {
            case .paragraph where lines == 0 && isLead(rest):
                append(rest, .lead, to: &units)
                rest = rest.upperBound..<rest.upperBound
            case .paragraph, .listItem, .quote: readSentences(into: &units)
            case let kind: readLine(of: kind, into: &units)
            }
            lines += 1
        }
        return true
    }

    private mutating func beginNextBlock() -> Bool {
        repeat {
            block += 1
            while section < sections.count, block >= sections[section].blocks.upperBound { section += 1 }
            guard section < sections.count else { return false }
        } while !input.isContent(block)
        rest = input.bytes(ofBlock: block)
        lines = 0
        return true
    }

    private mutating func append(_ bytes: Range<Int>, _ kind: TextUnit.Kind, to units: inout [TextUnit]) {
        let tokens = input.tokens(bytes)
        if tokens <= input.configuration.targetTokens {
            units.append(TextUnit(kind: kind, bytes: bytes, block: block, section: section, tokens: tokens))
        } else {
            for part in LongTextCutter(input).cut(bytes) {
                units.append(TextUnit(kind: .fragment, bytes: part, block: block, section: section, tokens: input.tokens(part)))
            }
        }
    }

    // MARK: - Lines

    private mutating func readLine(of kind: Block.Kind, into units: inout [TextUnit]) {
        let stretch = rest.prefix(Self.longestStretch)
        let line: Range<Int>
        if kind.isOfLines, let end = input.source.bytes[stretch].firstIndex(of: 0x0A) {
            line = take(upTo: end + 1)
        } else {
            line = take(upTo: stretch.count == rest.count ? rest.upperBound : LongTextCutter(input).lastSeam(in: stretch))
        }
        let trimmed = WhiteSpace.trim(line, in: input.source.bytes)
        if !trimmed.isEmpty { append(trimmed, unitKind(kind), to: &units) }
    }

    private func unitKind(_ kind: Block.Kind) -> TextUnit.Kind {
        switch kind {
        case .heading: .heading
        case .table: lines < 2 ? .tableHead : .tableRow
        default: .line
        }
    }

    private mutating func take(upTo end: Int) -> Range<Int> {
        defer { rest = end..<rest.upperBound }
        return rest.lowerBound..<end
    }

    // MARK: - Sentences

    private mutating func readSentences(into units: inout [TextUnit]) {
        let stretch = rest.prefix(Self.longestStretch)
        var ends =
            SentenceShortcut.isOneSentence(input.source.bytes[stretch])
            ? [stretch.upperBound] : segmenter.sentenceEnds(in: input.source.bytes[stretch])
        if stretch.count < rest.count { ends.removeLast() }
        if ends.isEmpty {
            let part = WhiteSpace.trim(take(upTo: LongTextCutter(input).lastSeam(in: stretch)), in: input.source.bytes)
            if !part.isEmpty { append(part, .fragment, to: &units) }
        }
        for end in ends {
            let sentence = WhiteSpace.trim(take(upTo: end), in: input.source.bytes)
            if !sentence.isEmpty { append(sentence, .sentence, to: &units) }
        }
    }

    private func isLead(_ range: Range<Int>) -> Bool {
        let limit = input.configuration.targetTokens
        guard range.count <= limit, input.tokens(range) <= limit / 8 else { return false }
        return input.source.string(range).unicodeScalars.last.map { ".!?…。．！？｡)」』）".unicodeScalars.contains($0) } == false
    }
}

extension Block.Kind {
    /// Whether its lines are its parts, as against text that is wrapped anywhere.
    var isOfLines: Bool {
        switch self {
        case .table, .code, .html: true
        case .heading, .paragraph, .listItem, .quote, .thematicBreak, .pageBreak, .frontMatter: false
        }
    }
}

extension Range<Int> {
    /// Its first `count` numbers, or all.
    fileprivate func prefix(_ count: Int) -> Range<Int> {
        lowerBound..<Swift.min(upperBound, lowerBound + count)
    }
}
