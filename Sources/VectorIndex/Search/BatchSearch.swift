import CVectorKernels

/// Many queries over the same scope: each list's codes are read and transposed once for all queries that probe it, and where all rows are
/// scored, products of matrices find the few that count.
struct BatchSearch {
    /// Lists each query scans alone at first: they set the bar that keeps the rest of its candidates few.
    private static let listsScannedAlone = 8
    /// Fewer queries are not worth a product of matrices.
    private static let fewestForProducts = 4

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
            } else if first.probesLists(position) {
                probe(position)
            } else {
                for number in searches.indices { searches[number].search(position) }
            }
        }
        return searches.indices.map { searches[$0].response() }
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
        var probings: [PartitionSearch.Probing] = []
        var orders: [[UInt32]] = []
        let isFlat = searches.first?.isFlat == true
        for number in searches.indices {
            guard let probing = searches[number].probing(position) else { return }
            orders.append(
                isFlat ? probing.ranking.order : searches[number].scanFirst(Self.listsScannedAlone, position, probing, space, coarse))
            probings.append(probing)
        }
        if isFlat { scoreShared(position, orders) } else { scanShared(position, space, probings, orders) }
        let rowsByList = part.isFiltered ? part.rowsByList(oneOf: 1) : []
        for (number, probing) in probings.enumerated() {
            let probed = (isFlat ? [] : Array(probing.ranking.order.prefix(Self.listsScannedAlone))) + orders[number]
            let matched = rowsByList.isEmpty ? 0 : probed.reduce(0) { $0 + Int(rowsByList[Int($1)]) }
            searches[number].complete(
                position, probing, PartitionSearch.Probed(lists: probed, matched: matched), rowsByList: rowsByList)
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

    /// Scans list after list, each for the queries that probe it.
    private mutating func scanShared(
        _ position: Int, _ space: CodeSpace, _ probings: [PartitionSearch.Probing], _ orders: [[UInt32]]
    ) {
        let part = scope.parts[position]
        let table = part.view.table
        let count = searches.count
        let numbers = UnsafeMutablePointer<bunko_quantized_query>.allocate(capacity: count)
        let queries = UnsafeMutablePointer<bunko_code_query>.allocate(capacity: count)
        let states = UnsafeMutablePointer<bunko_collector>.allocate(capacity: count)
        defer {
            numbers.deallocate()
            queries.deallocate()
            states.deallocate()
        }
        var queriesOfList = [[Int32]](repeating: [], count: table.lists.count)
        for number in 0..<count {
            let search = searches[number]
            (numbers + number).initialize(to: search.query.numbers)
            (queries + number).initialize(
                to: search.query.codeQuery(numbers + number, space: space, epsilon: probings[number].plan.epsilon))
            (states + number).initialize(to: search.collector.state)
            for list in orders[number] { queriesOfList[Int(list)].append(Int32(number)) }
        }
        part.rows.words.withUnsafeBufferPointer { words in
            var rows = bunko_rows(words: words.baseAddress, slots: part.rows.capacity, sparse: false)
            withUnsafePointer(to: &rows) { rows in
                for (list, probing) in queriesOfList.enumerated() where !probing.isEmpty {
                    scan(list, table, for: probing, queries, states, rows, position)
                }
            }
        }
        for number in 0..<count { searches[number].collector.state = states[number] }
    }

    private mutating func scan(
        _ list: Int, _ table: PartitionTable, for probing: [Int32], _ queries: UnsafeMutablePointer<bunko_code_query>,
        _ states: UnsafeMutablePointer<bunko_collector>, _ rows: UnsafePointer<bunko_rows>, _ position: Int
    ) {
        let most = table.lists[list].capacity
        for number in probing.map(Int.init) where states[number].capacity - states[number].count < most {
            searches[number].collector.state = states[number]
            searches[number].collector.reserve(most)
            states[number] = searches[number].collector.state
        }
        let queryPointers = probing.map { Optional(UnsafePointer(queries + Int($0))) }
        let statePointers = probing.map { Optional(states + Int($0)) }
        let rowPointers = [UnsafePointer<bunko_rows>?](repeating: rows, count: probing.count)
        let scratch = searches[0].query.scratch
        let scanned = bunko_scan_shared(
            table.views + list, queryPointers, probing.count, rowPointers, UInt32(position), statePointers, scratch)
        for number in probing { searches[Int(number)].count(scanned: scanned, probes: 1) }
    }
}

extension PartitionSearch {
    /// Scans the first lists, which set the bar; returns the others that pass it, none of them twice.
    fileprivate mutating func scanFirst(
        _ count: Int, _ position: Int, _ probing: Probing, _ space: CodeSpace, _ coarse: CoarseQuantizer
    ) -> [UInt32] {
        var ranking = probing.ranking
        let first = ranking.order.prefix(count)
        scan(position, space, first, epsilon: probing.plan.epsilon)
        guard let reach = probing.plan.reach, let best = ranking.scores.first else { return Array(ranking.order.dropFirst(count)) }
        let bar = bar(reach, best: best, deviation: coarse.calibration.deviation, space, probing.plan.epsilon)
        let least = bar.base + bar.slope * collector.state.threshold
        if let last = ranking.scores.last, last >= least, ranking.order.count < probing.plan.mostProbes {
            ranking = coarse.rank(query, probing.estimates, most: probing.plan.mostProbes)
        }
        return zip(ranking.order, ranking.scores).prefix { $0.1 >= least }.map(\.0).filter { !first.contains($0) }
    }
}
