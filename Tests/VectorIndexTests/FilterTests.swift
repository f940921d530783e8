import Foundation
import Testing
import RowFilters
import VectorIndex

struct FilterTests {
    private let partition = id(6_000_000)

    private func matches(_ index: PartitionedIndex, _ filter: RowFilter) throws -> [Int] {
        let request = SearchRequest(vector: [1, 0], partitions: [partition], k: 10_000, filter: filter)
        let response = try index.search(request)
        #expect(response.matched == response.hits.count)
        return response.hits.map { hit in withUnsafeBytes(of: hit.id.uuid) { Int($0[15]) } }.sorted()
    }

    private func index(_ attributes: [RowAttributes]) throws -> PartitionedIndex {
        let index = PartitionedIndex(configuration: IndexConfiguration(dimensions: 2))
        try index.upsert(
            attributes.enumerated().map { IndexRow(id: id($0.offset), vector: [1, Float($0.offset)], attributes: $0.element) },
            in: partition)
        return index
    }

    @Test func aMissingKeyIsUnequalToEverything() throws {
        let index = try index([
            RowAttributes(keywords: ["tags": ["a", "b", "a"]], numbers: ["year": 2024]), RowAttributes(keywords: ["tags": ["b"]]),
            RowAttributes(),
        ])
        #expect(try matches(index, .compare(.equal, key: "tags", value: .text("a"))) == [0])
        #expect(try matches(index, .compare(.equal, key: "tags", value: .text("b"))) == [0, 1])
        #expect(try matches(index, .compare(.notEqual, key: "tags", value: .text("a"))) == [1, 2])
        #expect(try matches(index, .compare(.greater, key: "tags", value: .text("a"))) == [0, 1])
        #expect(try matches(index, .compare(.less, key: "year", value: .number(3000))) == [0])
        #expect(try matches(index, .compare(.notEqual, key: "year", value: .number(2024))) == [1, 2])
        #expect(try matches(index, .oneOf(key: "tags", values: [.text("c"), .text("a")], negated: true)) == [1, 2])
        #expect(try matches(index, .oneOf(key: "tags", values: [], negated: false)) == [])
        #expect(try matches(index, .oneOf(key: "tags", values: [], negated: true)) == [0, 1, 2])
        #expect(try matches(index, .compare(.equal, key: "year", value: .text("2024"))) == [])
        #expect(try matches(index, .all([])) == [0, 1, 2])
        #expect(try matches(index, .any([])) == [])
    }

    @Test func aReplacedRowAnswersToItsNewAttributesOnly() throws {
        let index = try index([RowAttributes(keywords: ["tags": ["old"]], numbers: ["year": 1])])
        try index.upsert([IndexRow(id: id(0), vector: [1, 0], attributes: RowAttributes(keywords: ["tags": ["new"]]))], in: partition)
        #expect(try matches(index, .compare(.equal, key: "tags", value: .text("old"))) == [])
        #expect(try matches(index, .compare(.equal, key: "tags", value: .text("new"))) == [0])
        #expect(try matches(index, .compare(.equal, key: "year", value: .number(1))) == [])
        index.remove([id(0)], from: partition)
        #expect(try matches(index, .compare(.notEqual, key: "tags", value: .text("old"))) == [])
    }

    @Test func aPartitionWithoutAttributesHasNothingButWhatIsMissing() throws {
        let index = try index([RowAttributes(), RowAttributes()])
        #expect(try matches(index, .compare(.equal, key: "tags", value: .text("a"))) == [])
        #expect(try matches(index, .compare(.notEqual, key: "tags", value: .text("a"))) == [0, 1])
        #expect(index.statistics.bytes < 1_024)
    }

    @Test func boundsThatLetEveryNumberThroughPassOverChunksWithoutNumbers() throws {
        let index = try index((0..<128).map { _ in RowAttributes() })
        let dated = (128..<168).map { IndexRow(id: id($0), vector: [1, 0], attributes: RowAttributes(numbers: ["year": Double($0)])) }
        try index.upsert(dated, in: partition)
        #expect(try matches(index, .compare(.lessOrEqual, key: "year", value: .number(.infinity))) == Array(128..<168))
        #expect(try matches(index, .compare(.greaterOrEqual, key: "year", value: .number(-.infinity))) == Array(128..<168))
    }

    @Test func whatCannotBeIsRefused() throws {
        let index = try index([RowAttributes()])
        let row = IndexRow(id: id(1), vector: [1, 0], attributes: RowAttributes(numbers: ["year": .nan]))
        #expect(throws: VectorIndexError.notANumber(.row(id(1)), key: "year")) { try index.upsert([row], in: partition) }
        #expect(index.count(in: partition) == 1)
        var deep = RowFilter.compare(.equal, key: "tags", value: .text("a"))
        for _ in 0..<RowFilter.maximumDepth { deep = .all([deep]) }
        #expect(try matches(index, deep) == [])
        #expect(throws: VectorIndexError.filterTooDeep) { try matches(index, .any([deep])) }
        let values = (0..<RowFilter.maximumConditions).map { RowFilter.Value.number(Double($0)) }
        #expect(try matches(index, .oneOf(key: "year", values: values, negated: true)) == [0])
        #expect(throws: VectorIndexError.filterTooLarge) {
            try matches(index, .any([.oneOf(key: "year", values: values, negated: true)]))
        }
    }

    @Test func manyKeywordsOfFewRowsTakeWhatTheyList() throws {
        var configuration = IndexConfiguration(dimensions: 2)
        configuration.exhaustiveRows = 1_000_000
        let index = PartitionedIndex(configuration: configuration)
        func insert(keywords: Bool) throws -> Int {
            let rows = (0..<100_000).map { number in
                let attributes = keywords ? RowAttributes(keywords: ["file": ["file \(number)"]]) : RowAttributes()
                return IndexRow(id: id(number), vector: [1, Float(number)], attributes: attributes)
            }
            try index.replacePartition(partition, with: rows)
            return index.statistics.bytes
        }
        let without = try insert(keywords: false)
        #expect(try insert(keywords: true) - without < 100_000 * 300)
        let request = SearchRequest(
            vector: [1, 0], partitions: [partition], filter: .compare(.equal, key: "file", value: .text("file 77777")))
        #expect(try index.search(request).hits.map(\.id) == [id(77_777)])
    }

    /// Rows move between chunks and are numbered anew while they keep their attributes.
    @Test func attributesFollowTheirRowsThroughCompaction() throws {
        var configuration = IndexConfiguration(dimensions: 8)
        configuration.exhaustiveRows = 100
        let index = PartitionedIndex(configuration: configuration)
        var naive = NaiveIndex()
        var generator = SplitMix64(seed: 72)
        for turn in 0..<90 {
            let numbers = turn == 0 ? Array(0..<2_000) : (0..<1_500).map { _ in Int.random(in: 0..<2_000, using: &generator) }
            let rows = numbers.map { number in
                IndexRow(id: id(number), vector: smoothVector(8, &generator), attributes: randomAttributes(&generator))
            }
            try index.upsert(rows, in: partition)
            naive.upsert(rows, in: partition)
            guard turn % 10 == 9 else { continue }
            try index.checkInvariants()
            for _ in 0..<20 {
                let request = SearchRequest(
                    vector: smoothVector(8, &generator), partitions: [partition], filter: randomFilter(&generator), effort: .exact)
                #expect(naive.complaint(about: try index.search(request), to: request) == nil)
            }
        }
    }
}
