import CVectorKernels
import FoundationEssentials

/// One query over the parts of a scope.
///
/// All parts share one collector, so that what one partition holds raises the bar for the next.
struct PartitionSearch {
    /// Filters that leave fewer rows than this are scored exactly: about as fast as ranking lists.
    private static let rowsScoredDirectly = 150
    /// Filters that leave fewer rows than this, and less than a quarter, are scanned row by row instead of list by list.
    private static let rowsScannedDirectly = 5_000
    /// The nearest lists are taken to hold too few rows of a filter when they hold less than this share of what a random filter would give.
    private static let fewOfExpected = 0.9

    let scope: SearchScope
    let k: Int
    let effort: SearchEffort
    private(set) var probes = 0
    private(set) var scanned = 0
    private(set) var isExact = true
    let collector: SearchCollector
    let query: QueryCode

    init(_ vector: [Float], norm: Double, scope: SearchScope, k: Int, effort: SearchEffort) {
        self.scope = scope
        self.k = k
        self.effort = effort
        collector = SearchCollector(k: k)
        query = QueryCode(vector, norm: norm, rotation: scope.rotation)
    }

    mutating func answer() -> SearchResponse {
        for position in scope.parts.indices { search(position) }
        return response()
    }

    mutating func response() -> SearchResponse {
        collector.rerank(query, scope.parts)
        return SearchResponse(
            hits: collector.hits(scope.parts), exact: isExact, probes: probes, scanned: scanned, matched: scope.matched)
    }

    /// Slots of the best rows of the only part, best first.
    mutating func nearestSlots(scoringAtMost limit: Int) -> [Slot] {
        for position in scope.parts.indices { search(position) }
        collector.rerank(query, scope.parts, scoringAtMost: limit)
        return collector.scored.sorted { $0.score > $1.score }.prefix(k).map(\.slot)
    }

    mutating func search(_ position: Int) {
        let part = scope.parts[position]
        let table = part.view.table
        guard let space = table.space, !scoresAll(position) else { return scoreAll(position) }
        isExact = false
        if scansRows(part) {
            scanRows(position, space)
        } else if let probing = probing(position) {
            let matched = scan(position, space, order: probing.order, epsilon: probing.epsilon)
            complete(position, probing, matched: matched, rowsByList: part.rowsByList)
        } else {
            scan(position, space, order: Array(0..<UInt32(table.lists.count)), epsilon: SearchPlan.epsilon(effort))
        }
    }

    /// Whether the part is searched by probing lists.
    func probesLists(_ position: Int) -> Bool {
        let part = scope.parts[position]
        return part.view.table.coarse != nil && !scoresAll(position) && !scansRows(part)
    }

    /// Whether every row of the part is scored.
    func scoresAll(_ position: Int) -> Bool {
        let part = scope.parts[position]
        return part.view.table.space == nil || effort == .exact || 4 * k >= part.matched || isFlat && part.view.table.coarse == nil
            || part.isFiltered && part.matched <= Self.rowsScoredDirectly
    }

    private func scansRows(_ part: SearchScope.Part) -> Bool {
        !isFlat && part.isFiltered && part.matched <= Self.rowsScannedDirectly && part.matched * 4 <= part.view.liveCount
    }

    private mutating func scoreAll(_ position: Int) {
        let part = scope.parts[position]
        let table = part.view.table
        part.rows.forEach { slot in
            collector.offer(bunko_dot(table.vector(slot), query.unit, query.dimensions), slot: slot, partition: position)
        }
        probes += 1
        scanned += part.matched
    }

    /// Lists a search of one part is to probe, best first.
    struct Probing {
        let order: [UInt32]
        let epsilon: Float
        /// Rows that must have been found afterwards.
        let wanted: Int
    }

    /// Ranks the lists of a part that is searched by probing them.
    mutating func probing(_ position: Int) -> Probing? {
        let part = scope.parts[position]
        guard let space = part.view.table.space, let coarse = part.view.table.coarse else { return nil }
        isExact = false
        let share = Double(part.matched) / Double(part.view.liveCount)
        let plan = SearchPlan(effort: effort, k: k, coarse: coarse, matchingShare: share)
        let ranking = coarse.rank(query, space: space, gap: plan.gap, fewest: plan.fewestProbes, most: plan.mostProbes)
        let wanted = min(k, collector.state.lower_count + part.matched)
        return Probing(order: ranking.order, epsilon: plan.epsilon, wanted: wanted)
    }

    /// Probes more lists while those of the plan hold too few rows that match, or fewer rows were found than there must be.
    ///
    /// `matched` of a filter's rows lie in the lists that were probed; `rowsByList` are all of them, counted when they are wanted.
    mutating func complete(_ position: Int, _ probing: Probing, matched: Int, rowsByList: @autoclosure () -> [UInt32]) {
        let part = scope.parts[position]
        guard let space = part.view.table.space, let coarse = part.view.table.coarse else { return }
        var done = Set<UInt32>()
        let share = Double(part.matched) / Double(part.view.liveCount)
        let found = Double(matched * coarse.lists) / Double(max(1, probing.order.count * part.view.liveCount))
        if part.isFiltered, found < Self.fewOfExpected * share, probing.order.count < coarse.lists {
            // As many lists as a random filter of the share that was found would need, of those that hold any of its rows.
            let plan = SearchPlan(
                effort: effort, k: k, coarse: coarse, matchingShare: max(found, Double(k) / Double(part.view.liveCount)))
            let ranking = coarse.rank(query, space: space, fewest: plan.fewestProbes, most: plan.mostProbes, matches: rowsByList())
            done.formUnion(probing.order)
            scan(position, space, order: ranking.order.filter { done.insert($0).inserted }, epsilon: probing.epsilon)
        }
        var next = max(16, 4 * probing.order.count)
        // Every row that was found has a lower bound.
        while collector.state.lower_count < probing.wanted, done.count < coarse.lists {
            if done.isEmpty { done.formUnion(probing.order) }
            let all = coarse.rank(query, space: space, most: min(coarse.lists, next))
            let more = all.order.filter { !done.contains($0) }
            done.formUnion(more)
            next *= 4
            scan(position, space, order: more, epsilon: probing.epsilon)
        }
    }

    /// Returns how many of a filter's rows the lists held.
    @discardableResult
    mutating func scan(_ position: Int, _ space: CodeSpace, order: [UInt32], epsilon: Float) -> Int {
        if isFlat { return scoreLists(position, order) }
        let part = scope.parts[position]
        var cursor = bunko_cursor(list: 0, row: 0)
        var matched = 0
        part.rows.words.withUnsafeBufferPointer { words in
            var rows = bunko_rows(words: words.baseAddress, slots: part.rows.capacity, sparse: part.isFiltered)
            query.withCodeQuery(space: space, epsilon: epsilon) { codeQuery in
                while true {
                    collector.reserve(64)
                    scanned += bunko_scan(
                        part.view.table.views, order, order.count, &cursor, &codeQuery, &rows, UInt32(position), &collector.state,
                        query.scratch, &matched)
                    if cursor.list >= order.count { break }
                    collector.reserve(collector.state.capacity)
                }
            }
        }
        probes += order.count
        return matched
    }

    /// Whether rows are scored without regard to their codes.
    var isFlat: Bool {
        if case .flat = effort { true } else { false }
    }

    /// Scores every row of lists; returns how many there were.
    private mutating func scoreLists(_ position: Int, _ order: [UInt32]) -> Int {
        let part = scope.parts[position]
        var matched = 0
        for list in order {
            let slots = part.rows(inList: Int(list))
            for (row, slot) in slots.enumerated() {
                if row + 2 < slots.count { bunko_prefetch(part.view.table.vector(slots[row + 2]), 4 * query.dimensions) }
                collector.offer(
                    bunko_dot(part.view.table.vector(slot), query.unit, query.dimensions), slot: slot, partition: position)
            }
            matched += slots.count
        }
        scanned += matched
        probes += order.count
        return matched
    }

    mutating func count(scanned rows: Int, probes lists: Int) {
        scanned += rows
        probes += lists
    }

    /// Reads the quads that hold the filter's rows.
    private mutating func scanRows(_ position: Int, _ space: CodeSpace) {
        let part = scope.parts[position]
        let table = part.view.table
        let quads = part.quads
        var matched = 0
        collector.reserve(4 * quads.count)
        part.rows.words.withUnsafeBufferPointer { words in
            var rows = bunko_rows(words: words.baseAddress, slots: part.rows.capacity, sparse: true)
            query.withCodeQuery(space: space, epsilon: SearchPlan.epsilon(effort)) { codeQuery in
                scanned += bunko_scan_quads(
                    table.views, quads, quads.count, &codeQuery, &rows, UInt32(position), &collector.state, query.scratch, &matched)
            }
        }
        probes += 1
        if matched < part.matched { scoreRows(position, missedBy: quads) }
    }

    /// Codes that moved since the view was taken are elsewhere in it: their rows are scored instead.
    private mutating func scoreRows(_ position: Int, missedBy quads: [bunko_quad]) {
        let part = scope.parts[position]
        let table = part.view.table
        var missed = part.rows
        for quad in quads {
            let list = table.lists[Int(quad.list)]
            for row in 4 * Int(quad.quad)..<max(4 * Int(quad.quad), min(list.count, 4 * Int(quad.quad) + 4)) {
                missed.remove(list.slot(row))
            }
        }
        missed.forEach { slot in
            collector.offer(bunko_dot(table.vector(slot), query.unit, query.dimensions), slot: slot, partition: position)
            scanned += 1
        }
    }
}
