import TextAnalysis

/// The units of one passage.
struct UnitSpan: Equatable {
    /// All units, the repeated ones first.
    let units: Range<Int>
    /// How many of the first units stand in the passage before as well.
    let repeated: Int
}

/// Packs units into passages: near the target size, cut where it hurts least, never beyond the maximum.
struct UnitPacker {
    private let units: [TextUnit]
    private let source: SourceText
    private let configuration: ChunkingConfiguration
    private let estimator = TokenEstimator()
    /// The tokens of all units and gaps before each unit, and of all.
    private let tokensBefore: [Int]

    init(units: [TextUnit], source: SourceText, configuration: ChunkingConfiguration) {
        self.units = units
        self.source = source
        self.configuration = configuration
        tokensBefore = units.reduce(into: [0]) { sums, unit in sums.append(sums[sums.count - 1] + unit.tokens + unit.gapTokens) }
    }

    /// The passages that hold the units of `group`, in order.
    func spans(of group: Range<Int>) -> [UnitSpan] {
        var spans: [UnitSpan] = []
        var next = group.lowerBound
        var start = next
        while next < group.upperBound {
            let end = self.end(from: start, new: next, in: group)
            spans.append(UnitSpan(units: start..<end, repeated: next - start))
            start = overlapStart(before: end, after: next, in: group)
            next = end
        }
        return spans
    }

    // MARK: - Where a passage ends

    /// The end of the passage that begins with unit `start` and adds something new from unit `next` on.
    private func end(from start: Int, new next: Int, in group: Range<Int>) -> Int {
        if fits(start..<group.upperBound) { return group.upperBound }
        let goal = goal(from: start, new: next, in: group)
        var best = next + 1
        var leastCost = Double.infinity
        for end in (next + 1)..<group.upperBound {
            let size = tokens(start..<end)
            if size > configuration.maximumTokens { break }
            let distance = abs(Double(size) - goal) / Double(configuration.targetTokens)
            let cost = distance + cutCost(before: end) + crumbCost(next..<end, of: group)
            if cost < leastCost { (best, leastCost) = (end, cost) }
        }
        // The sum of the units' estimates can differ from the estimate of the whole.
        while best > next + 1, !fits(start..<best) { best -= 1 }
        return best
    }

    /// The size that divides what is left into equal passages of at most the target.
    private func goal(from start: Int, new next: Int, in group: Range<Int>) -> Double {
        let rest = tokens(next..<group.upperBound)
        let room = max(1, configuration.targetTokens - Int(overlapBudget))
        let passages = max(2, (rest + room - 1) / room)
        return Double(tokensBefore[next] - tokensBefore[start]) + Double(rest) / Double(passages)
    }

    /// What a cut before unit `end` costs, as a fraction of the target size by which it would be better to miss it.
    private func cutCost(before end: Int) -> Double {
        let (last, first) = (units[end - 1], units[end])
        if last.kind == .heading || last.kind == .tableHead { return 2 }
        if last.section != first.section { return 0 }
        if last.block != first.block { return last.kind == .lead || endsWithColon(last) ? 0.5 : last.kind == first.kind ? 0.1 : 0.05 }
        switch first.kind {
        case .heading, .lead, .sentence: return 0.25
        case .line, .tableHead, .tableRow: return 0.6
        case .fragment: return 0.7
        }
    }

    /// Discourages passages, and rests, that add less than the minimum.
    private func crumbCost(_ added: Range<Int>, of group: Range<Int>) -> Double {
        let crumbs = [added, added.upperBound..<group.upperBound].count { tokens($0) < configuration.minimumTokens }
        return Double(crumbs)
    }

    /// "As follows:" belongs with what follows.
    private func endsWithColon(_ unit: TextUnit) -> Bool {
        let end = source.bytes[unit.bytes].suffix(3)
        return end.last == UInt8(ascii: ":") || end.elementsEqual("：".utf8)
    }

    // MARK: - Overlap

    private var overlapBudget: Double {
        Double(configuration.targetTokens) * configuration.overlapFraction
    }

    /// The first unit repeated in the passage that adds unit `end`: whole sentences of the same section, as many as come nearest to the
    /// budget; `end` itself where no section is cut. The passage before began to add with unit `next`.
    private func overlapStart(before end: Int, after next: Int, in group: Range<Int>) -> Int {
        guard end < group.upperBound else { return end }
        var start = end
        while start - 1 > next {
            let candidate = units[start - 1]
            let size = tokens((start - 1)..<end)
            guard candidate.kind == .sentence, candidate.section == units[end].section,
                Double(size) - Double(candidate.tokens) / 2 <= overlapBudget, fits((start - 1)..<(end + 1))
            else { break }
            start -= 1
        }
        return start
    }

    // MARK: - Sizes

    /// The tokens of `range` without the gap at its end, as a sum.
    private func tokens(_ range: Range<Int>) -> Int {
        guard !range.isEmpty else { return 0 }
        return tokensBefore[range.upperBound] - tokensBefore[range.lowerBound] - units[range.upperBound - 1].gapTokens
    }

    /// Whether the text of `range` stays within the maximum. The sum decides what is far beyond without looking at the text.
    private func fits(_ range: Range<Int>) -> Bool {
        guard tokens(range) <= 2 * configuration.maximumTokens else { return false }
        let bytes = units[range.lowerBound].bytes.lowerBound..<units[range.upperBound - 1].bytes.upperBound
        return estimator.count(source.string(bytes)) <= configuration.maximumTokens
    }
}
