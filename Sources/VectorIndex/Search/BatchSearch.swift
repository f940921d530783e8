import CVectorKernels

/// Many queries over the same scope: each list's codes are read and transposed once for all queries that probe it, and where all rows are
/// scored, products of matrices find the few that count.
struct BatchSearch {
    /// Lists each query scans alone at first: they set the bar that keeps the rest of its lists and candidates few.
    private static let listsScannedAlone = 2
    /// Further lists each query wants scanned before its bar is set anew.
    private static let listsOfFirstRound = 8
    /// Fewer queries are not worth a product of matrices, or the sharing of lists.
    private static let fewestForProducts = 4
    /// Filters that leave a smaller share of the rows are searched query by query: a shared scan reads the codes of all rows.
    private static let leastSharedShare = 0.5

    private let scope: SearchScope
    private var searches: [PartitionSearch]
    /// Made when it is first needed.
    private var products: MatrixScorer?

    init(_ vectors: ArraySlice<[Float]>, norms: ArraySlice<Double>, scope: SearchScope, k: Int, effort: SearchEffort) {
        self.scope = scope
        searches = zip(vectors, norms).map { PartitionSearch($0, norm: $1, scope: scope, k: k, effort: effort) }
    }

    mutating func answer() -> [SearchResponse] {
        for position in scope.parts.indices {
            guard let first = searches.first else { break }
            if searches.count >= Self.fewestForProducts, first.scoresAll(position) {
                scoreAll(position)
            } else if searches.count >= Self.fewestForProducts, first.probesLists(position), isShared(scope.parts[position]) {
                probe(position)
            } else {
                for number in searches.indices { searches[number].search(position) }
            }
        }
        return searches.indices.map { searches[$0].response() }
    }

    private func isShared(_ part: SearchScope.Part) -> Bool {
        Double(part.matched) >= Self.leastSharedShare * Double(part.view.liveCount)
    }

    private mutating func scoreAll(_ position: Int) {
        let part = scope.parts[position]
        matrixScorer().scoreAll(part, position)
        for number in searches.indices { searches[number].count(scanned: part.matched, probes: 1) }
    }

    private mutating func matrixScorer() -> MatrixScorer {
        if let products { return products }
        let made = MatrixScorer(searches)
        products = made
        return made
    }

    private mutating func probe(_ position: Int) {
        let part = scope.parts[position]
        guard let space = part.view.table.space, let coarse = part.view.table.coarse else { return }
        let concentration = part.isFiltered && searches.first?.isFlat == false ? part.concentration : 1
        // All are ranked before any is scanned: meanwhile the centroids' codes stay in the nearest cache.
        var probings: [PartitionSearch.Probing] = []
        for number in searches.indices {
            guard let probing = searches[number].probing(position, concentration: concentration) else { return }
            probings.append(probing)
        }
        let probed: [[UInt32]]
        if searches.first?.isFlat == true {
            probed = probings.map(\.ranking.order)
            scoreShared(position, probed)
        } else {
            probed = scanShared(position, probings, space, coarse)
        }
        let rowsByList = part.isFiltered ? part.rowsByList(oneOf: 1) : []
        for (number, probing) in probings.enumerated() {
            let matched = rowsByList.isEmpty ? 0 : probed[number].reduce(0) { $0 + Int(rowsByList[Int($1)]) }
            searches[number].complete(
                position, probing, PartitionSearch.Probed(lists: probed[number], matched: matched), rowsByList: part.rowsByList)
        }
    }

    /// Scores the rows of list after list, each for the queries that probe it.
    private mutating func scoreShared(_ position: Int, _ orders: [[UInt32]]) {
        let part = scope.parts[position]
        var queriesOfList = [[Int]](repeating: [], count: part.view.table.lists.count)
        for (number, order) in orders.enumerated() {
            for list in order { queriesOfList[Int(list)].append(number) }
        }
        let products = matrixScorer()
        for (list, numbers) in queriesOfList.enumerated() where !numbers.isEmpty {
            let rows = part.rows(inList: list)
            products.score(rows, of: part, position, for: numbers)
            for number in numbers { searches[number].count(scanned: rows.count, probes: 1) }
        }
    }

    /// Memory of one round: the queries as the kernels want them.
    private struct Round {
        let numbers: UnsafeMutablePointer<bunko_quantized_query>
        let queries: UnsafeMutablePointer<bunko_code_query>
        let states: UnsafeMutablePointer<bunko_collector>

        init(_ count: Int) {
            numbers = .allocate(capacity: count)
            queries = .allocate(capacity: count)
            states = .allocate(capacity: count)
        }

        func deallocate() {
            numbers.deallocate()
            queries.deallocate()
            states.deallocate()
        }
    }

    /// How far a query has come.
    private struct Progress {
        var ranking: CoarseQuantizer.Ranking
        /// The next list of the ranking.
        var next: Int
        let bar: PartitionSearch.Bar?
        var probed: [UInt32]
        var isDone = false
    }

    /// Scans the lists all queries probe, in rounds from the best ones on: after each the bars are higher. A query probes at least those that
    /// it would alone. Returns the lists each query probed.
    private mutating func scanShared(
        _ position: Int, _ probings: [PartitionSearch.Probing], _ space: CodeSpace, _ coarse: CoarseQuantizer
    ) -> [[UInt32]] {
        let rows = max(1, scope.parts[position].matched / coarse.lists)
        var progress: [Progress] = []
        for (number, probing) in probings.enumerated() {
            let first = probing.ranking.order.prefix(max(Self.listsScannedAlone, 1 + 2 * searches[number].k / rows))
            searches[number].scan(position, space, first, epsilon: probing.plan.epsilon)
            let bar = searches[number].bar(probing, coarse, space)
            progress.append(Progress(ranking: probing.ranking, next: first.count, bar: bar, probed: Array(first)))
        }
        let round = Round(searches.count)
        defer { round.deallocate() }
        var most = Self.listsOfFirstRound
        while true {
            var queriesOfList = [[Int]](repeating: [], count: coarse.lists)
            var isDone = true
            for (number, probing) in probings.enumerated() where !progress[number].isDone {
                let wanted = advance(&progress[number], by: most, probing, searches[number], coarse)
                for list in wanted { queriesOfList[Int(list)].append(number) }
                if !wanted.isEmpty { isDone = false }
            }
            if isDone { return progress.map(\.probed) }
            scan(queriesOfList, position, probings, space, round)
            most *= 2
        }
    }

    /// The next lists of a query that pass its bar.
    private func advance(
        _ progress: inout Progress, by most: Int, _ probing: PartitionSearch.Probing, _ search: PartitionSearch, _ coarse: CoarseQuantizer
    ) -> ArraySlice<UInt32> {
        let least = progress.bar.map { $0.base + $0.slope * search.collector.state.threshold } ?? -.infinity
        let isRankedFurther = progress.bar != nil && progress.probed.count < probing.plan.mostProbes
        if progress.next == progress.ranking.order.count, isRankedFurther, progress.ranking.scores.last.map({ $0 >= least }) ?? false {
            progress.ranking = coarse.rank(
                search.query, probing.estimates, most: min(probing.plan.mostProbes, 2 * progress.probed.count)
            ).without(Set(progress.probed))
            progress.next = 0
        }
        let end = min(progress.next + most, progress.ranking.order.count)
        let passing = progress.ranking.scores[progress.next..<end].prefix { $0 >= least }.count
        let wanted = progress.ranking.order[progress.next..<progress.next + passing]
        progress.isDone = progress.next + passing < end || passing == 0
        progress.next += passing
        progress.probed += wanted
        return wanted
    }

    /// Scans the lists that several queries want once for all of them, the others for each query alone.
    private mutating func scan(
        _ queriesOfList: [[Int]], _ position: Int, _ probings: [PartitionSearch.Probing], _ space: CodeSpace, _ round: Round
    ) {
        let part = scope.parts[position]
        for (number, search) in searches.enumerated() {
            (round.numbers + number).initialize(to: search.query.numbers)
            (round.queries + number).initialize(
                to: search.query.codeQuery(round.numbers + number, space: space, epsilon: probings[number].plan.epsilon))
            (round.states + number).initialize(to: search.collector.state)
        }
        var alone = [[UInt32]](repeating: [], count: searches.count)
        part.rows.words.withUnsafeBufferPointer { words in
            var rows = bunko_rows(words: words.baseAddress, slots: part.rows.capacity, sparse: false)
            withUnsafePointer(to: &rows) { rows in
                for (list, numbers) in queriesOfList.enumerated() {
                    if numbers.count > 1 {
                        scan(list, part.view.table, for: numbers, round, rows, position)
                    } else if let only = numbers.first {
                        alone[only].append(UInt32(list))
                    }
                }
            }
        }
        for number in searches.indices {
            searches[number].collector.state = round.states[number]
            guard !alone[number].isEmpty else { continue }
            searches[number].scan(position, space, alone[number][...], epsilon: probings[number].plan.epsilon)
        }
    }

    private mutating func scan(
        _ list: Int, _ table: PartitionTable, for numbers: [Int], _ round: Round, _ rows: UnsafePointer<bunko_rows>, _ position: Int
    ) {
        let most = table.lists[list].capacity
        for number in numbers where round.states[number].capacity - round.states[number].count < most {
            let collector = searches[number].collector
            collector.state = round.states[number]
            collector.reserve(most)
            round.states[number] = collector.state
        }
        let queryPointers = numbers.map { Optional(UnsafePointer(round.queries + $0)) }
        let statePointers = numbers.map { Optional(round.states + $0) }
        let rowPointers = [UnsafePointer<bunko_rows>?](repeating: rows, count: numbers.count)
        let scanned = bunko_scan_shared(
            table.views + list, queryPointers, numbers.count, rowPointers, UInt32(position), statePointers, searches[0].query.scratch)
        for number in numbers { searches[number].count(scanned: scanned, probes: 1) }
    }
}
