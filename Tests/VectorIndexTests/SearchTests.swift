import Foundation
import Testing
import VectorIndex

struct SearchTests {
    private let partition = id(7_000_000)

    private func index(_ vectors: [[Float]]) throws -> PartitionedIndex {
        let index = PartitionedIndex(configuration: IndexConfiguration(dimensions: vectors[0].count))
        try index.upsert(vectors.enumerated().map { IndexRow(id: id($0.offset), vector: $0.element) }, in: partition)
        return index
    }

    @Test func scoresAreCosinesOfVectorsOfAnyLength() throws {
        let index = try index([[2, 0], [30, 30], [0, -1e-30]])
        let hits = try index.search(SearchRequest(vector: [1e30, 0], partitions: [partition])).hits
        #expect(hits.map(\.id) == [id(0), id(1), id(2)])
        #expect(hits[0].score == 1)
        #expect(abs(hits[1].score - Float(0.5).squareRoot()) < 1e-6)
        #expect(hits[2].score == 0)
        #expect(hits.allSatisfy { $0.partition == partition })
    }

    @Test(arguments: [1, 16, 511, 512, 513, 2000])
    func identicalRowsComeByIdWhereverTheyLie(count: Int) throws {
        var generator = SplitMix64(seed: 3)
        let vector = smoothVector(48, &generator)
        let index = PartitionedIndex(configuration: IndexConfiguration(dimensions: 48))
        for number in (0..<count).shuffled(using: &generator) {
            try index.upsert([IndexRow(id: id(number), vector: vector)], in: partition)
        }
        let query = smoothVector(48, &generator)
        for k in [1, 10, 600] {
            let hits = try index.search(SearchRequest(vector: query, partitions: [partition], k: k)).hits
            #expect(hits.map(\.id) == (0..<min(k, count)).map(id))
            #expect(Set(hits.map(\.score)).count == 1)
        }
        #expect(try index.search(SearchRequest(vector: vector, partitions: [partition], k: 1)).hits[0].score <= 1)
    }

    /// Rows are not read where the query is 0; that must not change a score in its last bit.
    @Test(arguments: [1, 63, 64, 65, 200])
    func queryOfSomeDimensionsHasTheCosinesOfAll(used: Int) throws {
        var generator = SplitMix64(seed: 11)
        let vectors = (0..<3_000).map { _ in smoothVector(256, &generator) }
        let index = try index(vectors)
        var query = smoothVector(256, &generator)
        for place in used..<256 { query[place] = 0 }
        let hits = try index.search(SearchRequest(vector: query, partitions: [partition], k: 20)).hits
        #expect(hits.count == 20)
        var tiny = query
        tiny[255] = 1e-30
        // Of all dimensions, and added to nothing.
        let all = try index.cosines(tiny, to: hits.map(\.id), in: [partition])
        let some = try index.cosines(query, to: hits.map(\.id), in: [partition])
        for hit in hits {
            #expect(hit.score == all[hit.id])
            #expect(hit.score == some[hit.id])
        }
    }

    @Test func filteredAndUnfilteredScoresAreTheSameNumber() throws {
        var generator = SplitMix64(seed: 4)
        let vectors = (0..<700).map { _ in smoothVector(64, &generator) }
        let index = try index(vectors)
        let query = smoothVector(64, &generator)
        let all = try index.search(SearchRequest(vector: query, partitions: [partition], k: 700)).hits
        for hit in all.prefix(50) {
            let one = try index.search(SearchRequest(vector: query, partitions: [partition], k: 5, allowed: [hit.id]))
            #expect(one.hits == [hit])
            #expect(one.scanned == 1)
            #expect(one.matched == 1)
        }
    }

    @Test func smallFilterIsScoredAloneAndLargeOneByBlocks() throws {
        var generator = SplitMix64(seed: 5)
        let index = try index((0..<2000).map { _ in smoothVector(16, &generator) })
        let query = smoothVector(16, &generator)
        let few = Set((0..<40).map { id($0 * 50) })
        let narrow = try index.search(SearchRequest(vector: query, partitions: [partition], k: 40, allowed: few))
        #expect(narrow.scanned == 40)
        #expect(Set(narrow.hits.map(\.id)) == few)
        let many = Set((0..<9000).map { id($0 * 2) })
        let wide = try index.search(SearchRequest(vector: query, partitions: [partition], k: 10_000, allowed: many))
        #expect(wide.matched == 1000)
        #expect(Set(wide.hits.map(\.id)) == Set((0..<1000).map { id($0 * 2) }))
    }

    @Test func nothingToFindIsAnEmptyAnswer() throws {
        let index = try index([[1, 0]])
        let unknown = try index.search(SearchRequest(vector: [1, 0], partitions: [id(1)]))
        #expect(unknown.hits.isEmpty && unknown.matched == 0 && unknown.exact && unknown.probes == 0)
        #expect(try index.search(SearchRequest(vector: [1, 0], partitions: [])).hits.isEmpty)
        #expect(try index.search(SearchRequest(vector: [1, 0], partitions: [partition], allowed: [])).hits.isEmpty)
        index.remove([id(0)], from: partition)
        #expect(try index.search(SearchRequest(vector: [1, 0], partitions: [partition])).hits.isEmpty)
    }

    @Test func oneIdInTwoPartitionsIsTwoRows() throws {
        let index = try index([[1, 0]])
        try index.upsert([IndexRow(id: id(0), vector: [1, 0])], in: id(50))
        let response = try index.search(SearchRequest(vector: [1, 0], partitions: [id(50), partition, id(50)]))
        #expect(response.hits.map(\.partition) == [id(50), partition])
        #expect(response.probes == 2)
    }

    @Test(arguments: [1, 2, 127, 128, 129, 300])
    func batchGivesWhatSingleSearchesGive(queries: Int) throws {
        var generator = SplitMix64(seed: UInt64(queries))
        let index = try index((0..<1300).map { _ in coarseVector(24, &generator) })
        index.remove((0..<100).map { id($0 * 3) }, from: partition)
        let vectors = (0..<queries).map { _ in coarseVector(24, &generator) }
        for allowed in [nil, Set((0..<60).map(id)), Set((0..<1250).map(id))] {
            let batch = try index.searchBatch(vectors, partitions: [partition], k: 20, allowed: allowed)
            let single = try vectors.map {
                try index.search(SearchRequest(vector: $0, partitions: [partition], k: 20, allowed: allowed))
            }
            #expect(batch == single)
        }
    }

    @Test func unusableQueriesSayWhatIsWrong() throws {
        let index = try index([[1, 0]])
        func error(_ vector: [Float], k: Int = 1) -> VectorIndexError? {
            do {
                _ = try index.search(SearchRequest(vector: vector, partitions: [partition], k: k))
                return nil
            } catch {
                return error
            }
        }
        #expect(error([1]) == .wrongDimensions(.query(0), expected: 2, found: 1))
        #expect(error([0, 0]) == .zeroVector(.query(0)))
        #expect(error([1, .nan]) == .notFinite(.query(0), position: 1))
        #expect(error([-.infinity, 0]) == .notFinite(.query(0), position: 0))
        #expect(error([1, 0], k: 0) == .kOutOfRange(0))
        #expect(error([1, 0], k: 10_001) == .kOutOfRange(10_001))
        #expect(error([1, 0], k: 10_000) == nil)
        #expect(throws: VectorIndexError.zeroVector(.query(1))) { try index.searchBatch([[1, 0], [0, 0]], partitions: [partition]) }
    }
}
