import CVectorKernels
import FoundationEssentials

/// One query over the parts of a scope.
///
/// All parts share one collector, so that what one partition holds raises the bar for the next.
struct PartitionSearch {
    /// Filters that leave fewer rows than this are scored exactly: about as fast as ranking lists.
    private static let rowsScoredDirectly = 150
    /// Filters that leave fewer rows than this are scanned row by row instead of list by list.
    private static let rowsScannedDirectly = 3_000

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
        guard let space = table.space, !mustScoreAll(part) else { return scoreAll(position) }
        isExact = false
        if part.isFiltered, part.matched <= Self.rowsScannedDirectly {
            scanRows(position, space)
        } else if let probing = probing(position) {
            scan(position, space, order: probing.order, epsilon: probing.epsilon)
            complete(position, probing)
        } else {
            scan(position, space, order: Array(0..<UInt32(table.lists.count)), epsilon: SearchPlan.epsilon(effort))
        }
    }

    /// Whether the part is searched by probing lists.
    func probesLists(_ position: Int) -> Bool {
        let part = scope.parts[position]
        return part.view.table.coarse != nil && !mustScoreAll(part) && !(part.isFiltered && part.matched <= Self.rowsScannedDirectly)
    }

    private func mustScoreAll(_ part: SearchScope.Part) -> Bool {
        effort == .exact || 4 * k >= part.matched || part.isFiltered && part.matched <= Self.rowsScoredDirectly
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

    /// Probes more lists while fewer rows were found than there must be: a filter may leave the nearest lists with too few.
    mutating func complete(_ position: Int, _ probing: Probing) {
        guard let space = scope.parts[position].view.table.space, let coarse = scope.parts[position].view.table.coarse else { return }
        var done = Set<UInt32>()
        var next = 4 * probing.order.count
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

    mutating func scan(_ position: Int, _ space: CodeSpace, order: [UInt32], epsilon: Float) {
        let part = scope.parts[position]
        var cursor = bunko_cursor(list: 0, row: 0)
        let isSparse = part.isFiltered && part.matched * 2 < part.view.liveCount
        part.rows.words.withUnsafeBufferPointer { words in
            var rows = bunko_rows(words: words.baseAddress, slots: part.rows.capacity, sparse: isSparse)
            query.withCodeQuery(space: space, epsilon: epsilon) { codeQuery in
                while true {
                    collector.reserve(64)
                    scanned += bunko_scan(
                        part.view.table.views, order, order.count, &cursor, &codeQuery, &rows, UInt32(position), &collector.state,
                        query.scratch)
                    if cursor.list >= order.count { break }
                    collector.reserve(collector.state.capacity)
                }
            }
        }
        probes += order.count
    }

    mutating func count(scanned rows: Int, probes lists: Int) {
        scanned += rows
        probes += lists
    }

    /// Reads the codes of the filter's rows one by one, by quads.
    private mutating func scanRows(_ position: Int, _ space: CodeSpace) {
        let part = scope.parts[position]
        let table = part.view.table
        var places: [Place] = []
        places.reserveCapacity(part.matched)
        part.rows.forEach { slot in
            let place = table.chunks[slot.chunk]?[place: slot.row] ?? .none
            // A code that moved since the view was taken is elsewhere in it; its row is scored instead.
            if place.list < table.lists.count, place.row < table.lists[place.list].count, table.lists[place.list].slot(place.row) == slot {
                places.append(place)
            } else {
                collector.offer(bunko_dot(table.vector(slot), query.unit, query.dimensions), slot: slot, partition: position)
            }
        }
        places.sort { $0.word < $1.word }
        var quads: [bunko_quad] = []
        for place in places {
            let quad = bunko_quad(list: UInt32(place.list), quad: UInt32(place.row / 4))
            if let last = quads.last, last.list == quad.list, last.quad == quad.quad { continue }
            quads.append(quad)
        }
        collector.reserve(part.matched + 64)
        part.rows.words.withUnsafeBufferPointer { words in
            var rows = bunko_rows(words: words.baseAddress, slots: part.rows.capacity, sparse: true)
            query.withCodeQuery(space: space, epsilon: SearchPlan.epsilon(effort)) { codeQuery in
                scanned += bunko_scan_quads(
                    table.views, quads, quads.count, &codeQuery, &rows, UInt32(position), &collector.state, query.scratch)
            }
        }
        probes += 1
    }
}
