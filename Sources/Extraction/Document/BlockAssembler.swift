/// A block as a reader finds it: whole lines.
struct LineBlock {
    var kind: Block.Kind
    var lines: Range<Int>
    var headingText: String?
}

/// Makes the blocks of a document from the lines a reader has found, so that no line is lost and none stands in two.
struct BlockAssembler {
    let table: LineTable

    /// The blocks for `found`, which must ascend and not overlap. Non-blank lines that nothing claims (link definitions,
    /// for example) become paragraphs; a bare `>` stays with its quotation.
    func blocks(_ found: [LineBlock]) -> [Block] {
        var complete: [LineBlock] = []
        var line = 0
        for block in found {
            fill(line..<block.lines.lowerBound, into: &complete)
            complete.append(block)
            line = block.lines.upperBound
        }
        fill(line..<table.count, into: &complete)
        return complete.compactMap(block)
    }

    /// The runs of non-blank lines in `lines`.
    func paragraphs(in lines: Range<Int>) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start: Int?
        for line in lines {
            if table.isBlank(line) {
                if let first = start { runs.append(first..<line) }
                start = nil
            } else if start == nil {
                start = line
            }
        }
        if let start { runs.append(start..<lines.upperBound) }
        return runs
    }

    private func fill(_ gap: Range<Int>, into blocks: inout [LineBlock]) {
        guard !gap.isEmpty else { return }
        for run in paragraphs(in: gap) {
            let continuesQuotation = run.allSatisfy { table.source.bytes[table.trimmed($0).lowerBound] == UInt8(ascii: ">") }
            if continuesQuotation, let last = blocks.last, last.kind == .quote, last.lines.upperBound == run.lowerBound {
                blocks[blocks.count - 1].lines = last.lines.lowerBound..<run.upperBound
            } else {
                blocks.append(LineBlock(kind: .paragraph, lines: run))
            }
        }
    }

    private func block(_ block: LineBlock) -> Block? {
        let bytes = table.trimmed(block.lines)
        guard !bytes.isEmpty else { return nil }
        return Block(kind: block.kind, range: table.source.scalarOffsets(of: bytes), page: nil, headingText: block.headingText)
    }
}
