/// Many queries over the same scope, where products of matrices find the rows that count: in parts all of whose rows are scored, and in lists
/// whose rows are scored without their codes.
///
/// Codes are not shared: reading a list once for all queries that probe it was slower than single searches side by side (0.79 times as many
/// queries a second on two threads, 1,000 queries over 200,000 rows), since about five queries want a list, and each brings 6 KB of tables.
struct BatchSearch {
    /// Fewer queries are not worth a product of matrices.
    private static let fewestForProducts = 4

    private let scope: SearchScope
    private var searches: [PartitionSearch]
    /// Made when it is first needed.
    private var products: MatrixScorer?

    /// The answers of single searches, in the order of the vectors.
    static func answer(
        _ vectors: ArraySlice<[Float]>, norms: ArraySlice<Double>, scope: SearchScope, k: Int, effort: SearchEffort
    ) -> [SearchResponse] {
        func search(_ number: Int) -> PartitionSearch {
            PartitionSearch(vectors[number], norm: norms[number], scope: scope, k: k, effort: effort)
        }
        guard vectors.count >= fewestForProducts, scope.parts.indices.contains(where: search(vectors.startIndex).scoresRows) else {
            // Each query's tables stay in the caches from its beginning to its end.
            return vectors.indices.map { number in
                var search = search(number)
                return search.answer()
            }
        }
        var batch = BatchSearch(scope: scope, searches: vectors.indices.map(search))
        return batch.answer()
    }

    private init(scope: SearchScope, searches: [PartitionSearch]) {
        self.scope = scope
        self.searches = searches
    }

    private mutating func answer() -> [SearchResponse] {
        for position in scope.parts.indices {
            guard let first = searches.first else { break }
            if first.scoresAll(position) {
                scoreAll(position)
            } else if first.scoresRows(position) {
                scoreLists(position)
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

    /// Scores the rows of list after list, each for the queries that probe it.
    private mutating func scoreLists(_ position: Int) {
        let part = scope.parts[position]
        let probings = searches.indices.compactMap { searches[$0].probing(position) }
        var queriesOfList = [[Int]](repeating: [], count: part.view.table.lists.count)
        for (number, probing) in probings.enumerated() {
            for list in probing.ranking.order { queriesOfList[Int(list)].append(number) }
        }
        let products = matrixScorer()
        for (list, numbers) in queriesOfList.enumerated() where !numbers.isEmpty {
            let rows = part.rows(inList: list)
            products.score(rows, of: part, position, for: numbers)
            for number in numbers { searches[number].count(scanned: rows.count, probes: 1) }
        }
        let rowsByList = part.isFiltered ? part.rowsByList(oneOf: 1) : []
        for (number, probing) in probings.enumerated() {
            let lists = probing.ranking.order
            probing.estimates.leaveOut(lists[...])
            let matched = rowsByList.isEmpty ? 0 : lists.reduce(0) { $0 + Int(rowsByList[Int($1)]) }
            searches[number].complete(position, probing, PartitionSearch.Probed(lists: lists, matched: matched))
        }
    }
}
