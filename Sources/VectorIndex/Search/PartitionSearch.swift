import CVectorKernels
import FoundationEssentials

/// One query over the parts of a scope.
///
/// All parts share one collector, so that what one partition holds raises the bar for the next.
struct PartitionSearch {
    /// Filters that leave fewer rows than this are scored exactly: about as fast as ranking lists.
    private static let rowsScoredDirectly = 150
    /// Filters that leave fewer rows than this, and less than a quarter, are scanned row by row instead of list by list.
    static let rowsScannedDirectly = 5_000
    /// The nearest lists are taken to hold too few rows of a filter when they hold less than this share of what a random filter would give.
    private static let fewOfExpected = 0.75

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
        for (position, part) in scope.parts.enumerated() {
            part.budgeted?.touch(rows: scoresAll(position) ? part.matched : isFlat ? scanned : collector.scored.count)
        }
        return SearchResponse(
            hits: collector.hits(scope.parts), exact: isExact, probes: probes, scanned: scanned, matched: scope.matched)
    }

    /// The best rows of the only part, best first.
    mutating func nearest(scoringAtMost limit: Int) -> ArraySlice<bunko_scored> {
        for position in scope.parts.indices { search(position) }
        collector.rerank(query, scope.parts, scoringAtMost: limit)
        return collector.scored.sorted { $0.score > $1.score }.prefix(k)
    }

    mutating func search(_ position: Int) {
        let part = scope.parts[position]
        let table = part.view.table
        guard let space = table.space, !scoresAll(position) else { return scoreAll(position) }
        if scansRows(part) {
            isExact = false
            scanRows(position, space)
        } else if let probing = probing(position) {
            complete(position, probing, probe(position, probing))
        } else {
            isExact = false
            scan(position, space, Array(0..<UInt32(table.lists.count))[...], epsilon: SearchPlan.epsilon(effort))
        }
    }

    /// Whether rows of the part are scored without regard to their codes: all, or those of the lists that are probed.
    func scoresRows(_ position: Int) -> Bool {
        scoresAll(position) || isFlat
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

    /// How a search of one part is to probe its lists.
    struct Probing {
        let plan: SearchPlan
        /// The share of a filter's rows that the plan expects in the lists.
        let share: Double
        /// Whether these rows share lists more often than chance has it.
        let liesTogether: Bool
        let estimates: CoarseQuantizer.Estimates
        /// The first lists, best first.
        let ranking: CoarseQuantizer.Ranking
        /// The best list's score.
        let best: Float
        /// Lists that take part are above 0; nil when all do.
        let matches: [UInt32]?
    }

    /// What probing found.
    struct Probed {
        /// Lists that were probed; not in an order.
        var lists: [UInt32]
        /// A filter's rows in them.
        var matched: Int
    }

    /// Ranks the lists of a part that is searched by probing them.
    mutating func probing(_ position: Int) -> Probing? {
        let part = scope.parts[position]
        guard let space = part.view.table.space, let coarse = part.view.table.coarse else { return nil }
        // Where a filter's rows lie together, the lists that hold some are full of them.
        let share = min(1, (isFlat ? 1 : part.concentration) * Double(part.matched) / Double(part.view.liveCount))
        let liesTogether = part.concentration > 1
        let plan = SearchPlan(effort: effort, k: k, coarse: coarse, matchingShare: share, liesTogether: liesTogether)
        let estimates = coarse.estimates(query, space: space)
        let ranking = coarse.rank(query, estimates, most: plan.firstProbes)
        return Probing(
            plan: plan, share: share, liesTogether: liesTogether, estimates: estimates, ranking: ranking, best: ranking.scores.first ?? 0,
            matches: nil)
    }

    /// The same for lists that hold fewer of the filter's rows than was expected, as many more as that takes.
    private func deeper(_ probing: Probing, share: Double, _ coarse: CoarseQuantizer) -> Probing {
        let plan = SearchPlan(effort: effort, k: k, coarse: coarse, matchingShare: share, liesTogether: probing.liesTogether)
        let ranking = coarse.rank(query, probing.estimates, most: plan.firstProbes)
        return Probing(
            plan: plan, share: share, liesTogether: probing.liesTogether, estimates: probing.estimates, ranking: ranking,
            best: probing.best,
            matches: nil)
    }

    /// The same for the other lists that hold rows of the filter, which are all there is and full of them.
    private func elsewhere(_ probing: Probing, _ matches: [UInt32], share: Double, _ coarse: CoarseQuantizer) -> Probing {
        let inside = min(1, share * Double(coarse.lists) / Double(max(1, matches.count { $0 > 0 })))
        let plan = SearchPlan(effort: effort, k: k, coarse: coarse, matchingShare: inside, liesTogether: probing.liesTogether)
        let ranking = coarse.rank(query, probing.estimates, most: plan.firstProbes, matches: matches)
        return Probing(
            plan: plan, share: inside, liesTogether: probing.liesTogether, estimates: probing.estimates, ranking: ranking,
            best: ranking.scores.first ?? 0, matches: matches)
    }

    /// Probes as many lists as the plan says.
    mutating func probe(_ position: Int, _ probing: Probing) -> Probed {
        let part = scope.parts[position]
        var ranking = probing.ranking
        var probed = Probed(lists: [], matched: 0)
        guard let space = part.view.table.space, let coarse = part.view.table.coarse, !ranking.order.isEmpty else { return probed }
        let bar = bar(probing, coarse, space)
        while true {
            let found = scan(position, space, ranking.order[...], scores: ranking.scores, bar: bar, epsilon: probing.plan.epsilon)
            probed.lists += ranking.order[..<found.lists]
            probed.matched += found.matched
            probing.estimates.leaveOut(ranking.order[..<found.lists])
            // Fewer were probed than were ranked when the rest is not worth it.
            let ranked = probing.ranking.order.count
            guard bar != nil, found.lists == ranking.order.count, probed.lists.count < probing.plan.mostProbes else {
                return probed
            }
            let most = min(probing.plan.mostProbes, 2 * max(ranked, probed.lists.count)) - probed.lists.count
            ranking = coarse.rank(query, probing.estimates, most: most, matches: probing.matches)
            if ranking.order.isEmpty { return probed }
        }
    }

    /// Probes more lists where those of the plan hold too few rows that match, or fewer rows were found than there must be.
    mutating func complete(_ position: Int, _ probing: Probing, _ probed: Probed) {
        let part = scope.parts[position]
        guard let space = part.view.table.space, let coarse = part.view.table.coarse else { return }
        var lists = probed.lists
        defer { if !isFlat || lists.count < coarse.lists { isExact = false } }
        let share = Double(part.matched) / Double(part.view.liveCount)
        var (matched, expected) = (probed.matched, probing.share)
        while part.isFiltered, lists.count < coarse.lists {
            let found = Double(matched * coarse.lists) / Double(max(1, lists.count * part.view.liveCount))
            if found < Self.fewOfExpected * share {
                let there = elsewhere(probing, part.rowsByList, share: share, coarse)
                lists += probe(position, there).lists
                break
            }
            guard found < Self.fewOfExpected * expected else { break }
            let more = probe(position, deeper(probing, share: found, coarse))
            if more.lists.isEmpty { break }
            lists += more.lists
            matched += more.matched
            expected = found
        }
        // Every row that was found has a lower bound.
        let wanted = min(k, part.matched)
        guard collector.state.lower_count < wanted, lists.count < coarse.lists else { return }
        while collector.state.lower_count < wanted, lists.count < coarse.lists {
            let more = coarse.rank(query, probing.estimates, most: min(coarse.lists, max(16, 3 * lists.count)))
            probing.estimates.leaveOut(more.order[...])
            lists += more.order
            scan(position, space, more.order[...], epsilon: probing.plan.epsilon)
        }
    }

    /// Where a scan of lists by descending score ends: below `base` + `slope` times the threshold.
    struct Bar {
        let base: Float
        let slope: Float
    }

    /// The bar of a plan, nil where it names a number of lists: the k-th row's score is taken to lie as far above its bound, the threshold, as
    /// an average row's.
    func bar(_ probing: Probing, _ coarse: CoarseQuantizer, _ space: CodeSpace) -> Bar? {
        guard let reach = probing.plan.reach else { return nil }
        let distance = query.withCodeQuery(space: space, epsilon: probing.plan.epsilon) { $0.distance }
        let kth = reach.kth * probing.plan.epsilon * coarse.calibration.deviation * distance
        return Bar(base: reach.best * probing.best + kth - reach.margin, slope: reach.kth)
    }

    /// Scans lists in their order, to the end or, with their scores and a bar, as far as that lets them pass. Returns how many were scanned,
    /// and how many of a filter's rows they held.
    @discardableResult
    mutating func scan(
        _ position: Int, _ space: CodeSpace, _ order: ArraySlice<UInt32>, scores: [Float] = [], bar: Bar? = nil, epsilon: Float
    ) -> (lists: Int, matched: Int) {
        if isFlat { return scoreLists(position, order) }
        let part = scope.parts[position]
        var cursor = bunko_cursor(list: 0, row: 0)
        var scanned = bunko_scanned(rows: 0, matched: 0)
        order.withUnsafeBufferPointer { order in
            part.rows.words.withUnsafeBufferPointer { words in
                scores.withUnsafeBufferPointer { scores in
                    var rows = bunko_rows(words: words.baseAddress, slots: part.rows.capacity, sparse: part.isFiltered)
                    var reach = bunko_reach(scores: scores.baseAddress, base: bar?.base ?? 0, slope: bar?.slope ?? 0)
                    query.withCodeQuery(space: space, epsilon: epsilon) { codeQuery in
                        collector.reserve(64)
                        withUnsafePointer(to: &reach) { reach in
                            while !bunko_scan(
                                part.view.table.views, order.baseAddress, order.count, &cursor, &codeQuery, &rows, bar == nil ? nil : reach,
                                UInt32(position), &collector.state, query.scratch, &scanned)
                            {
                                collector.reserve(collector.state.capacity)
                            }
                        }
                    }
                }
            }
        }
        self.scanned += scanned.rows
        probes += cursor.list
        return (cursor.list, scanned.matched)
    }

    /// Whether rows are scored without regard to their codes.
    var isFlat: Bool {
        if case .flat = effort { true } else { false }
    }

    /// Scores every row of lists that the search may return.
    private mutating func scoreLists(_ position: Int, _ order: ArraySlice<UInt32>) -> (lists: Int, matched: Int) {
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
        return (order.count, matched)
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
        var scanned = bunko_scanned(rows: 0, matched: 0)
        collector.reserve(4 * quads.count)
        part.rows.words.withUnsafeBufferPointer { words in
            var rows = bunko_rows(words: words.baseAddress, slots: part.rows.capacity, sparse: true)
            query.withCodeQuery(space: space, epsilon: SearchPlan.epsilon(effort)) { codeQuery in
                bunko_scan_quads(
                    table.views, quads, quads.count, &codeQuery, &rows, UInt32(position), &collector.state, query.scratch, &scanned)
            }
        }
        self.scanned += scanned.rows
        probes += 1
        if scanned.matched < part.matched { scoreRows(position, missedBy: quads) }
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
