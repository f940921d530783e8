import Foundation
import Testing

import RowFilters
@testable import VectorIndex

/// The plain inverted file: every row of the probed lists is scored, and no other.
struct FlatSearchTests {
    private static let dimensions = 24
    private let partitions = (0..<3).map { id(7_200_000 + $0) }
    private let index: PartitionedIndex
    private var naive = NaiveIndex()
    private var generator = SplitMix64(seed: 97)

    /// A trained partition, one of one list, and one of bare rows, all with dead rows.
    init() throws {
        var configuration = IndexConfiguration(dimensions: Self.dimensions)
        configuration.singleListRows = 1_000
        configuration.maintainsItself = false
        index = PartitionedIndex(configuration: configuration)
        for (partition, count) in zip(partitions, [3_000, 600, 40]) {
            let rows = (0..<count).map { number in
                IndexRow(
                    id: id(number),
                    vector: number % 3 == 0 ? coarseVector(Self.dimensions, &generator) : smoothVector(Self.dimensions, &generator),
                    attributes: RowAttributes(numbers: ["number": Double(number)]))
            }
            try index.upsert(rows, in: partition)
            naive.upsert(rows, in: partition)
            let gone = (0..<count).filter { $0 % 6 == 1 }.map(id)
            index.remove(gone, from: partition)
            for id in gone { naive.rows[partition]?[id] = nil }
        }
        index.maintain()
    }

    private mutating func requests(_ effort: SearchEffort) -> [SearchRequest] {
        let half = Set((0..<3_000).filter { $0 % 2 == 0 }.map(id)), few = Set((0..<3_000).filter { $0 % 10 == 0 }.map(id))
        var requests: [SearchRequest] = []
        for (allowed, filter) in [
            (nil, nil), (half, nil), (few, nil), (nil, RowFilter.compare(.less, key: "number", value: .number(700))),
            (half, .compare(.greaterOrEqual, key: "number", value: .number(2_900))),
        ] {
            for (scope, k) in [(Array(partitions.prefix(1)), 10), (partitions, 10), (partitions, 1), (partitions, 400)] {
                requests.append(
                    SearchRequest(
                        vector: smoothVector(Self.dimensions, &generator), partitions: scope, k: k, allowed: allowed, filter: filter,
                        effort: effort))
            }
        }
        return requests
    }

    /// With all lists probed, nothing may be missed; with few, the guarantee of k hits holds.
    @Test mutating func allListsGiveTheExactAnswer() throws {
        for request in requests(.flat(probes: 100_000)) {
            let flat = try index.search(request)
            var exact = request
            exact.effort = .exact
            #expect(try flat.hits == index.search(exact).hits)
            #expect(flat.scanned == flat.matched)
            #expect(flat.exact || request.allowed != nil || request.filter != nil)
        }
        for request in requests(.flat(probes: 2)) {
            let flat = try index.search(request)
            #expect(naive.complaint(about: flat, to: request, mayMiss: true) == nil)
        }
    }

    /// The best rows of the lists that are ranked first, by the oracle's scores.
    @Test mutating func exactlyTheRowsOfTheProbedListsAreScored() throws {
        let partition = try #require(index.existing(partitions[0]))
        let view = partition.view.withLock { $0 }
        let space = try #require(view.table.space), coarse = try #require(view.table.coarse)
        for probes in [1, 3, 20, 60] {
            for _ in 0..<10 {
                let request = SearchRequest(
                    vector: smoothVector(Self.dimensions, &generator), partitions: [partitions[0]], k: 5, effort: .flat(probes: probes))
                let norm = cosineNorm(request.vector)
                let query = QueryCode(request.vector, norm: norm, rotation: index.rotation)
                let order = coarse.rank(query, coarse.estimates(query, space: space), most: probes).order
                var expected: [(score: Double, id: UUID)] = []
                for list in order.prefix(probes).map({ view.table.lists[Int($0)] }) {
                    for row in 0..<list.count where view.live.contains(list.slot(row)) {
                        let id = try #require(view.table.id(list.slot(row)))
                        expected.append((cosine(try #require(naive.rows[partitions[0]]?[id]).vector, request.vector), id))
                    }
                }
                let response = try index.search(request)
                guard expected.count >= 5 else { continue }
                #expect(response.scanned == expected.count && response.probes == probes)
                for (hit, best) in zip(response.hits, expected.sorted { $0.score > $1.score }) {
                    #expect(abs(Double(hit.score) - best.score) < 1e-5)
                }
            }
        }
    }

    @Test(arguments: [1, 5, 80]) mutating func batchesAreSingleSearches(probes: Int) throws {
        for request in requests(.flat(probes: probes)) {
            for count in [1, 5, 60] {
                let queries = (0..<count).map { _ in smoothVector(Self.dimensions, &generator) }
                let batch = try index.searchBatch(
                    queries, partitions: request.partitions, k: request.k, allowed: request.allowed, filter: request.filter,
                    effort: request.effort, workers: 2)
                let single = try queries.map { query in
                    var request = request
                    request.vector = query
                    return try index.search(request)
                }
                #expect(batch == single)
            }
        }
    }

    private func cosineNorm(_ vector: [Float]) -> Double {
        vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}
