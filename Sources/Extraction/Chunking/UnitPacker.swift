/// The units of one passage.
struct Passage {
    /// The repeated ones first.
    let units: [TextUnit]
    /// What stands in front where the passage begins inside a table.
    let head: TableHead?
}

/// Packs the units of a group into passages: near the target size, cut where it hurts least, never beyond the maximum.
struct UnitPacker: IteratorProtocol {
    let input: ChunkingInput
    /// Begins with the first unit of the next passage.
    private(set) var window: UnitWindow
    /// How many of the first units the passage before holds too.
    private var repeated = 0
    /// The table that a passage began in last, and its head: to find that for each passage would be to read a long one again and again.
    private var table: (block: Int, head: TableHead?)?

    init(_ reader: UnitReader, _ input: ChunkingInput) {
        self.input = input
        window = UnitWindow(reader, input)
    }

    mutating func next() -> Passage? {
        // What lies further ahead changes nothing: the passages are cut one by one, and only the last ones share what is left.
        window.fill(to: 6 * input.configuration.maximumTokens)
        guard repeated < window.count else { return nil }
        let head = continuedHead()
        let end = end(after: head)
        let passage = Passage(units: Array(window.units[..<end]), head: fits(0..<end, after: head) ? head : nil)
        let start = overlapStart(before: end)
        repeated = end - start
        window.drop(start)
        return passage
    }

    /// The head of the table in whose rows the passage begins.
    private mutating func continuedHead() -> TableHead? {
        let first = window[0]
        guard input.document.blocks[first.block].kind == .table else { return nil }
        if table?.block != first.block { table = (first.block, TableHead(of: first.block, input)) }
        // The parts of a head that is cut itself are read without it.
        guard let head = table?.head, first.bytes.lowerBound >= head.end else { return nil }
        return head
    }

    // MARK: - Where a passage ends

    /// The number of units in the passage, of which at least one is new.
    private func end(after head: TableHead?) -> Int {
        if window.isComplete, fits(0..<window.count, after: head) { return window.count }
        let headTokens = head?.tokens ?? 0
        let goal = goal(after: headTokens)
        var costs = CutCosts(window, input)
        var best = repeated + 1
        var leastCost = Double.infinity
        for end in (repeated + 1)..<max(window.count, repeated + 1) {
            let size = window.tokens(0..<end) + headTokens
            if size > input.configuration.maximumTokens { break }
            let distance = abs(Double(size) - goal) / Double(input.configuration.targetTokens)
            let cost = distance + costs.cost(before: end) + crumbCost(at: end)
            if cost < leastCost { (best, leastCost) = (end, cost) }
        }
        // The sum of the units' tokens can differ from the tokens of the whole.
        while best > repeated + 1, !fits(0..<best, after: head) { best -= 1 }
        return best
    }

    /// The size that divides what is left into equal passages as near to the target as can be; where much is left, the target.
    private func goal(after headTokens: Int) -> Double {
        let inherited = window.tokens(0..<repeated) + headTokens
        guard window.isComplete else { return Double(max(input.configuration.targetTokens, inherited + 1)) }
        let rest = window.tokens(repeated..<window.count)
        // The passages after this one repeat something too, if this is text of sentences.
        let shared = window[repeated].kind == .sentence ? max(Int(overlapBudget), inherited) : inherited
        let room = max(1, input.configuration.targetTokens - shared)
        let passages = max(2, (rest + room / 2) / room)
        return Double(inherited) + Double(rest) / Double(passages)
    }

    /// Discourages passages, and rests, that add less than the minimum.
    private func crumbCost(at end: Int) -> Double {
        let added = window.tokens(repeated..<end) < input.configuration.minimumTokens
        let left = window.isComplete && window.tokens(end..<window.count) < input.configuration.minimumTokens
        return (added ? 1 : 0) + (left ? 1 : 0)
    }

    // MARK: - Overlap

    private var overlapBudget: Double {
        Double(input.configuration.targetTokens) * input.configuration.overlapFraction
    }

    /// The first unit repeated in the passage that adds unit `end`: whole sentences of the same section and page that this passage added,
    /// as many as come nearest to the budget; `end` itself where neither is cut.
    private func overlapStart(before end: Int) -> Int {
        guard end < window.count else { return end }
        var start = end
        while start - 1 > repeated {
            let candidate = window[start - 1]
            let size = window.tokens((start - 1)..<end)
            guard candidate.kind == .sentence, isSameSectionAndPage(candidate, window[end]),
                Double(size) - Double(candidate.tokens) / 2 <= overlapBudget, fits((start - 1)..<(end + 1), after: nil)
            else { break }
            start -= 1
        }
        return start
    }

    private func isSameSectionAndPage(_ first: TextUnit, _ second: TextUnit) -> Bool {
        first.section == second.section && input.document.blocks[first.block].page == input.document.blocks[second.block].page
    }

    // MARK: - Sizes

    /// Whether the text of `range` after `head` stays within the maximum. The sum decides what is far beyond without looking at the text.
    private func fits(_ range: Range<Int>, after head: TableHead?) -> Bool {
        let maximum = input.configuration.maximumTokens
        guard window.tokens(range) <= 2 * maximum else { return false }
        guard let head else { return input.tokens(window.bytes(range)) <= maximum }
        return input.counter.count(head.text + input.source.string(window.bytes(range))) <= maximum
    }
}
