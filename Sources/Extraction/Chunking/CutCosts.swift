/// What it costs to end a passage before a unit, as a fraction of the target size by which it would be better to miss it.
struct CutCosts {
    private let window: UnitWindow
    private let input: ChunkingInput
    /// The whole (a table, a list, code) that the last units asked for belong to, and whether one passage can hold it.
    private var whole: (units: Range<Int>, fits: Bool) = (0..<0, false)

    init(_ window: UnitWindow, _ input: ChunkingInput) {
        self.window = window
        self.input = input
    }

    /// The cost of a cut before unit `end`, which is neither the first nor beyond the last. Ask in ascending order.
    mutating func cost(before end: Int) -> Double {
        let (last, first) = (window[end - 1], window[end])
        if last.kind == .heading || last.kind == .tableHead { return 2 }
        if isKeptTogether(last, first) {
            findWhole(around: end)
            if whole.fits { return kind(of: first) == .listItem ? 1.2 : 2.2 }
        }
        if last.section != first.section { return pageBonus(last, first) }
        return last.block == first.block ? costInside(last, first) : costBetween(last, first) + pageBonus(last, first)
    }

    // MARK: - Blocks

    private func costBetween(_ last: TextUnit, _ first: TextUnit) -> Double {
        if introduces(last, first) { return 1 }
        if last.kind == .lead || endsWithColon(last) { return 0.5 }
        if kind(of: last) == .listItem, kind(of: first) == .listItem { return isIndented(last, first) ? 0.25 : 0.15 }
        return last.kind == first.kind ? 0.1 : 0.05
    }

    private func costInside(_ last: TextUnit, _ first: TextUnit) -> Double {
        switch first.kind {
        case .heading, .lead, .sentence: kind(of: first) == .listItem ? 0.35 : 0.25
        case .line: isBlankLineBetween(last, first) ? 0.3 : 0.6
        case .tableHead, .tableRow: 0.45
        case .fragment: 0.7
        }
    }

    /// A page's end is a good end, unless a sentence runs across it.
    private func pageBonus(_ last: TextUnit, _ first: TextUnit) -> Double {
        guard input.document.blocks[last.block].page != input.document.blocks[first.block].page else { return 0 }
        let mark = input.source.bytes[last.bytes.upperBound - 1]
        let runsOn = last.kind == .sentence && (mark == UInt8(ascii: ",") || (mark | 0x20) &- 0x61 < 26)
        return runsOn ? 0.15 : -0.3
    }

    // MARK: - Wholes

    /// Whether two neighbours belong to one table, one list or one piece of code, or the first introduces it.
    private func isKeptTogether(_ last: TextUnit, _ first: TextUnit) -> Bool {
        if last.section != first.section { return false }
        if last.block == first.block { return kind(of: first).isOfLines || kind(of: first) == .listItem }
        return (kind(of: last) == .listItem && kind(of: first) == .listItem) || introduces(last, first)
    }

    /// "As follows:" before a table, a list or code.
    private func introduces(_ last: TextUnit, _ first: TextUnit) -> Bool {
        let (before, after) = (kind(of: last), kind(of: first))
        guard after.isOfLines || after == .listItem, !before.isOfLines, before != .listItem else { return false }
        return last.kind == .lead || endsWithColon(last)
    }

    private mutating func findWhole(around end: Int) {
        guard !whole.units.contains(end) else { return }
        let maximum = input.configuration.maximumTokens
        var (lower, upper) = (end - 1, end + 1)
        while lower > 0, isKeptTogether(window[lower - 1], window[lower]) { lower -= 1 }
        while upper < window.count, window.tokens(lower..<upper) <= maximum, isKeptTogether(window[upper - 1], window[upper]) { upper += 1 }
        whole = (lower..<upper, window.tokens(lower..<upper) <= maximum)
    }

    // MARK: - Signs

    private func kind(of unit: TextUnit) -> Block.Kind {
        input.document.blocks[unit.block].kind
    }

    private func endsWithColon(_ unit: TextUnit) -> Bool {
        let end = input.source.bytes[unit.bytes].suffix(3)
        return end.last == UInt8(ascii: ":") || end.elementsEqual("：".utf8)
    }

    private func isBlankLineBetween(_ last: TextUnit, _ first: TextUnit) -> Bool {
        input.source.bytes[last.bytes.upperBound..<first.bytes.lowerBound].count { $0 == 0x0A } > 1
    }

    /// Whether an item stands further in than the one before it began, or in the middle of its text.
    private func isIndented(_ last: TextUnit, _ first: TextUnit) -> Bool {
        let gap = input.source.bytes[last.bytes.upperBound..<first.bytes.lowerBound]
        return gap.last.map { $0 == 0x20 || $0 == 0x09 } ?? false
    }
}
