import TextAnalysis

/// Cuts blocks into units of at most `limit` tokens.
struct UnitCutter {
    let source: SourceText
    let limit: Int
    private let segmenter = SentenceSegmenter()
    private let estimator = TokenEstimator()

    init(source: SourceText, limit: Int) {
        self.source = source
        self.limit = limit
    }

    /// The units of all blocks that are content, in source order.
    /// - Throws: `CancellationError`.
    func units(of blocks: [Block], in sections: [DocumentSection]) throws -> [TextUnit] {
        var units: [TextUnit] = []
        for (number, section) in sections.enumerated() {
            try Task.checkCancellation()
            for block in section.blocks where blocks[block].kind != .frontMatter && !blocks[block].range.isEmpty {
                append(blocks[block], block, section: number, to: &units)
            }
        }
        for index in units.indices.dropLast() {
            units[index].gapTokens = tokens(units[index].bytes.upperBound..<units[index + 1].bytes.lowerBound)
        }
        return units
    }

    private func append(_ block: Block, _ number: Int, section: Int, to units: inout [TextUnit]) {
        let range = source.byteOffset(ofScalar: block.range.lowerBound)..<source.byteOffset(ofScalar: block.range.upperBound)
        let isLead = block.kind == .paragraph && isLead(range)
        for (index, piece) in (isLead ? [range] : pieces(of: range, kind: block.kind)).enumerated() {
            let count = tokens(piece)
            if count <= limit {
                let kind = isLead ? .lead : unitKind(block.kind, at: index)
                units.append(TextUnit(kind: kind, bytes: piece, block: number, section: section, tokens: count))
            } else {
                for part in LongTextCutter(source: source, limit: limit).cut(piece) {
                    units.append(TextUnit(kind: .fragment, bytes: part, block: number, section: section, tokens: tokens(part)))
                }
            }
        }
    }

    private func isLead(_ range: Range<Int>) -> Bool {
        guard range.count <= limit, tokens(range) <= limit / 8 else { return false }
        return source.string(range).unicodeScalars.last.map { ".!?…。．！？｡)」』）".unicodeScalars.contains($0) } == false
    }

    private func pieces(of range: Range<Int>, kind: Block.Kind) -> [Range<Int>] {
        switch kind {
        case .table, .code, .html: lines(of: range)
        case .heading, .thematicBreak, .pageBreak, .frontMatter: [range]
        case .paragraph, .listItem, .quote: sentences(of: range)
        }
    }

    private func unitKind(_ kind: Block.Kind, at index: Int) -> TextUnit.Kind {
        switch kind {
        case .heading: .heading
        case .table: index < 2 ? .tableHead : .tableRow
        case .code, .html, .thematicBreak, .pageBreak, .frontMatter: .line
        case .paragraph, .listItem, .quote: .sentence
        }
    }

    private func sentences(of range: Range<Int>) -> [Range<Int>] {
        if Self.isOneSentence(source.bytes[range]) { return [range] }
        let text = source.string(range)
        var start = range.lowerBound
        return segmenter.sentences(in: text).compactMap { sentence in
            let end = start + text.utf8.distance(from: sentence.lowerBound, to: sentence.upperBound)
            defer { start = end }
            let trimmed = WhiteSpace.trim(start..<end, in: source.bytes)
            return trimmed.isEmpty ? nil : trimmed
        }
    }

    /// Whether no sentence can end before the last byte: the rules need not be asked for each short item of a list, which costs
    /// far more than reading it. True only for ASCII, Kana, Han and Hangul without a mark that ends sentences.
    private static func isOneSentence(_ bytes: ArraySlice<UInt8>) -> Bool {
        var previous: UInt8 = 0
        for byte in bytes.dropLast() {
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?"): return false
            case 0x0A where previous == 0x0A: return false
            case 0xC0..<0xE3, 0xEE...: return false
            case 0x80..<0x81 where previous == 0xE3, 0x80..<0xB0 where previous == 0xEA: return false
            default: previous = byte
            }
        }
        return true
    }

    private func lines(of range: Range<Int>) -> [Range<Int>] {
        source.bytes[range].split(separator: 0x0A).compactMap { line in
            let trimmed = WhiteSpace.trim(line.startIndex..<line.endIndex, in: source.bytes)
            return trimmed.isEmpty ? nil : trimmed
        }
    }

    private func tokens(_ range: Range<Int>) -> Int {
        estimator.count(source.string(range))
    }
}
