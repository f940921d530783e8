import Foundation
import Testing
import RowFilters
import VectorIndex

/// Random sequences of every operation on partitions that pass through all three structures, against `NaiveIndex`.
struct InvertedFileTests {
    private struct Run {
        static let dimensions = 24
        let index: PartitionedIndex
        let partition = id(5_000_000)
        let ids: Int
        var naive = NaiveIndex()
        var generator: SplitMix64
        var found = 0
        var wanted = 0

        init(seed: UInt64, ids: Int) {
            var configuration = IndexConfiguration(dimensions: Self.dimensions)
            configuration.exhaustiveRows = 40
            configuration.singleListRows = 160
            configuration.maintainsItself = seed % 2 == 0
            configuration.seed = seed
            index = PartitionedIndex(configuration: configuration)
            self.ids = ids
            generator = SplitMix64(seed: seed)
        }

        mutating func step() throws {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<5: try upsert(Int.random(in: 1...ids / 3, using: &generator))
            case 5..<7: remove(Int.random(in: 1...ids / 3, using: &generator))
            case 7: index.maintain()
            case 8: try replace()
            default: break
            }
            try index.checkInvariants()
            for _ in 0..<3 { try check() }
        }

        private mutating func row() -> IndexRow {
            let number = Int.random(in: 0..<ids, using: &generator)
            let kind = Int.random(in: 0..<8, using: &generator)
            let vector =
                kind == 0
                ? [Float](repeating: 1, count: Self.dimensions)
                : kind < 3 ? coarseVector(Self.dimensions, &generator) : smoothVector(Self.dimensions, &generator)
            return IndexRow(id: id(number), vector: vector, attributes: randomAttributes(&generator))
        }

        private mutating func upsert(_ count: Int) throws {
            let rows = (0..<count).map { _ in row() }
            try index.upsert(rows, in: partition)
            naive.upsert(rows, in: partition)
        }

        private mutating func remove(_ count: Int) {
            let victims = (0..<count).map { _ in id(Int.random(in: 0..<ids, using: &generator)) }
            let expected = Set(victims).filter { naive.rows[partition]?.removeValue(forKey: $0) != nil }.count
            #expect(index.remove(victims, from: partition) == expected)
        }

        private mutating func replace() throws {
            let rows = (0..<ids).map { _ in row() }
            try index.replacePartition(partition, with: rows)
            naive.rows[partition] = [:]
            naive.upsert(rows, in: partition)
        }

        private mutating func check() throws {
            let share = [0.01, 0.1, 0.5, 1][Int.random(in: 0..<4, using: &generator)]
            let allowed = (0..<ids).filter { _ in Double.random(in: 0..<1, using: &generator) < share }.map(id)
            let isFiltered = Bool.random(using: &generator)
            var request = SearchRequest(
                vector: smoothVector(Self.dimensions, &generator), partitions: [partition],
                k: [1, 5, 10, 50][Int.random(in: 0..<4, using: &generator)], allowed: isFiltered ? Set(allowed) : nil,
                filter: Bool.random(using: &generator) ? randomFilter(&generator) : nil, effort: .exact)
            let exact = try index.search(request)
            #expect(naive.complaint(about: exact, to: request) == nil)
            let lists = max(1, index.statistics.lists)
            for effort in [SearchEffort.recall(0.95), .probes(1, epsilon: 1.9), .flat(probes: 3), .probes(1_000, epsilon: 2.5)] {
                request.effort = effort
                let response = try index.search(request)
                #expect(naive.complaint(about: response, to: request, mayMiss: true) == nil)
                // Where lists do not change by themselves, none is probed twice.
                #expect(index.configuration.maintainsItself || response.probes <= lists)
                if effort == .probes(1_000, epsilon: 2.5) {
                    wanted += exact.hits.count
                    let best = Set(exact.hits.map(\.id))
                    found += response.hits.count { best.contains($0.id) }
                }
            }
        }
    }

    @Test(arguments: 0..<8)
    func everyStructureAnswersRight(group: Int) throws {
        var (found, wanted) = (0, 0)
        for seed in 0..<12 {
            var run = Run(seed: UInt64(1_000 * group + seed), ids: 60 + 60 * (seed % 8))
            for _ in 0..<14 { try run.step() }
            found += run.found
            wanted += run.wanted
        }
        // All lists and wide bounds: only a bound that fails can lose a row; 24 dimensions make them rougher than 1536 would.
        #expect(Double(found) > 0.97 * Double(wanted), "\(found) of \(wanted)")
    }

    @Test func aHundredThousandIdenticalRowsAreServedByIdAndTrained() throws {
        var configuration = IndexConfiguration(dimensions: 16)
        configuration.workers = 2
        let index = PartitionedIndex(configuration: configuration)
        let partition = id(1)
        let vector = (0..<16).map { Float($0) - 7 }
        try index.replacePartition(partition, with: (0..<100_000).reversed().map { IndexRow(id: id($0), vector: vector) })
        for query in [vector, vector.map { -$0 }, (0..<16).map { $0 == 0 ? 1 : 0 }] {
            let response = try index.search(SearchRequest(vector: query, partitions: [partition], k: 10))
            #expect(response.hits.count == 10)
            #expect(Set(response.hits.map(\.score)).count == 1)
        }
        let exact = try index.search(SearchRequest(vector: vector, partitions: [partition], k: 10, effort: .exact))
        #expect(exact.hits.map(\.id) == (0..<10).map(id))
    }

    @Test func chunksAreNumberedAnewWhenRowsAreReplacedForLong() throws {
        var configuration = IndexConfiguration(dimensions: 8)
        configuration.exhaustiveRows = 100
        let index = PartitionedIndex(configuration: configuration)
        let partition = id(1)
        var generator = SplitMix64(seed: 71)
        for turn in 0..<90 {
            try index.upsert((0..<2_000).map { IndexRow(id: id($0), vector: smoothVector(8, &generator)) }, in: partition)
            if turn % 30 == 29 { try index.checkInvariants() }
        }
        #expect(index.count(in: partition) == 2_000)
        #expect(index.statistics.bytes < 2_000 * 400)
    }

    /// A topic that was rare at training grows: its lists are split, nothing is lost, and as many probes as before find as much.
    @Test func listsThatGrowAreSplit() throws {
        var configuration = IndexConfiguration(dimensions: 24)
        configuration.singleListRows = 1_000
        configuration.maintainsItself = false
        let index = PartitionedIndex(configuration: configuration)
        let partition = id(1)
        var generator = SplitMix64(seed: 81)
        let topic = smoothVector(24, &generator)
        func near(_ centre: [Float]) -> [Float] { zip(centre, smoothVector(24, &generator)).map { $0 + 0.3 * $1 } }
        var naive = NaiveIndex()
        func insert(_ rows: [IndexRow]) throws {
            try index.upsert(rows, in: partition)
            naive.upsert(rows, in: partition)
        }
        try insert((0..<3_000).map { IndexRow(id: id($0), vector: smoothVector(24, &generator)) })
        index.maintain()
        let before = index.statistics.lists
        for batch in 0..<20 {
            try insert((0..<150).map { IndexRow(id: id(10_000 + 150 * batch + $0), vector: near(topic)) })
            index.maintain()
            try index.checkInvariants()
        }
        #expect(index.statistics.lists > before)
        var found = 0
        for _ in 0..<40 {
            var request = SearchRequest(vector: near(topic), partitions: [partition], k: 10, effort: .exact)
            let exact = try index.search(request)
            #expect(naive.complaint(about: exact, to: request) == nil)
            request.effort = .recall(0.95)
            let response = try index.search(request)
            #expect(naive.complaint(about: response, to: request, mayMiss: true) == nil)
            let best = Set(exact.hits.map(\.id))
            found += response.hits.count { best.contains($0.id) }
        }
        #expect(found >= 340, "\(found) of 400")
    }

    @Test func aRecallThatIsNamedIsDelivered() throws {
        var configuration = IndexConfiguration(dimensions: 64)
        configuration.singleListRows = 2_000
        configuration.workers = 2
        let index = PartitionedIndex(configuration: configuration)
        let partition = id(1)
        var generator = SplitMix64(seed: 82)
        let topics = (0..<200).map { _ in smoothVector(64, &generator) }
        func vector() -> [Float] {
            let topic = topics[Int.random(in: 0..<topics.count, using: &generator)]
            return zip(topic, smoothVector(64, &generator)).map { $0 + 2 * $1 }
        }
        try index.replacePartition(partition, with: (0..<12_000).map { IndexRow(id: id($0), vector: vector()) })
        let queries = (0..<150).map { _ in vector() }
        var scannedBefore = 0
        for (recall, least) in [(0.8, 0.77), (0.95, 0.93), (0.99, 0.975)] {
            var (found, scanned) = (0, 0)
            for query in queries {
                var request = SearchRequest(vector: query, partitions: [partition], k: 10, effort: .exact)
                let best = Set(try index.search(request).hits.map(\.id))
                request.effort = .recall(recall)
                let response = try index.search(request)
                found += response.hits.count { best.contains($0.id) }
                scanned += response.scanned
            }
            #expect(Double(found) >= 1_500 * least, "recall \(recall): \(found) of 1500")
            #expect(scanned > scannedBefore, "recall \(recall): \(scanned) after \(scannedBefore)")
            scannedBefore = scanned
        }
    }

    @Test func rowsGoToTheSameListsTogetherAndAlone() throws {
        var configuration = IndexConfiguration(dimensions: 32)
        configuration.singleListRows = 500
        configuration.maintainsItself = false
        let (together, alone) = (PartitionedIndex(configuration: configuration), PartitionedIndex(configuration: configuration))
        var generator = SplitMix64(seed: 85)
        let first = (0..<2_000).map { IndexRow(id: id($0), vector: smoothVector(32, &generator)) }
        for index in [together, alone] { try index.replacePartition(id(1), with: first) }
        let more = (2_000..<2_600).map { IndexRow(id: id($0), vector: smoothVector(32, &generator)) }
        try together.upsert(more, in: id(1))
        for row in more { try alone.upsert([row], in: id(1)) }
        try together.checkInvariants()
        for row in more {
            // One list, all of it: the row's own, whose ranking put it there.
            let request = SearchRequest(vector: row.vector, partitions: [id(1)], k: 60, effort: .flat(probes: 1))
            let response = try together.search(request)
            #expect(response.hits.first?.id == row.id)
            #expect(try alone.search(request) == response)
        }
    }

    @Test func aBatchFindsWhatSingleSearchesFind() throws {
        var configuration = IndexConfiguration(dimensions: 32)
        configuration.singleListRows = 500
        let index = PartitionedIndex(configuration: configuration)
        let partitions = [id(1), id(2), id(3)]
        var generator = SplitMix64(seed: 83)
        for (partition, count) in zip(partitions, [3_000, 300, 40]) {
            try index.replacePartition(partition, with: (0..<count).map { IndexRow(id: id($0), vector: smoothVector(32, &generator)) })
        }
        let queries = (0..<300).map { _ in smoothVector(32, &generator) }
        let allowed = Set((0..<3_000).filter { $0 < 1_400 || $0 % 2 == 0 }.map(id))
        for (effort, k) in [(SearchEffort.exact, 7), (.probes(20, epsilon: 3), 7), (.recall(0.9), 7), (.recall(0.9), 250)] {
            for filter in [nil, allowed] {
                let batch = try index.searchBatch(queries, partitions: partitions, k: k, allowed: filter, effort: effort, workers: 2)
                for (query, response) in zip(queries, batch) {
                    let single = try index.search(
                        SearchRequest(vector: query, partitions: partitions, k: k, allowed: filter, effort: effort))
                    #expect(response == single)
                }
            }
        }
    }

    /// Rows of one topic, added together: a filter for them is served where they lie, and asked from elsewhere too.
    @Test(arguments: [0.3, 0.6]) func aFilterWhoseRowsLieTogetherFindsThem(share: Double) throws {
        var configuration = IndexConfiguration(dimensions: 48)
        configuration.singleListRows = 2_000
        configuration.workers = 2
        let index = PartitionedIndex(configuration: configuration)
        let partition = id(1)
        var generator = SplitMix64(seed: 84)
        let topics = (0..<150).map { _ in smoothVector(48, &generator) }
        func vector(_ topic: Int) -> [Float] { zip(topics[topic], smoothVector(48, &generator)).map { $0 + 2 * $1 } }
        let (rows, chosen) = (9_000, Int(150 * share))
        try index.replacePartition(
            partition,
            with: (0..<rows).map { number in
                let topic = number * 150 / rows
                // Some rows elsewhere match, too.
                let matches = topic < chosen || number % 97 == 0
                return IndexRow(
                    id: id(number), vector: vector(topic), attributes: RowAttributes(keywords: matches ? ["kind": ["chosen"]] : [:]))
            })
        for topics in [0..<chosen, chosen..<150] {
            var (found, wanted) = (0, 0)
            let queries = (0..<40).map { _ in vector(Int.random(in: topics, using: &generator)) }
            let filter = RowFilter.compare(.equal, key: "kind", value: .text("chosen"))
            let batch = try index.searchBatch(queries, partitions: [partition], k: 10, filter: filter, effort: .recall(0.95))
            for (query, answer) in zip(queries, batch) {
                var request = SearchRequest(vector: query, partitions: [partition], k: 10, filter: filter, effort: .exact)
                let best = Set(try index.search(request).hits.map(\.id))
                request.effort = .recall(0.95)
                for response in [try index.search(request), answer] {
                    #expect(response.hits.count == 10)
                    found += response.hits.count { best.contains($0.id) }
                    wanted += 10
                }
            }
            #expect(Double(found) >= 0.9 * Double(wanted), "\(found) of \(wanted), asked from \(topics)")
        }
    }

    @Test func effortsBeyondReasonGoAsFarAsTheyCan() throws {
        var configuration = IndexConfiguration(dimensions: 16)
        configuration.singleListRows = 500
        let index = PartitionedIndex(configuration: configuration)
        let partition = id(1)
        var generator = SplitMix64(seed: 85)
        let same = smoothVector(16, &generator)
        // Half of the rows are equal: their residuals may be exactly zero.
        let rows = (0..<2_000).map { IndexRow(id: id($0), vector: $0 % 2 == 0 ? same : smoothVector(16, &generator)) }
        try index.replacePartition(partition, with: rows)
        let exact = try index.search(SearchRequest(vector: same, partitions: [partition], k: 10, effort: .exact))
        for effort in [
            SearchEffort.probes(.max, epsilon: .infinity), .probes(.max, epsilon: 1e30), .flat(probes: .max), .probes(.min, epsilon: .nan),
            .probes(1, epsilon: -.infinity),
        ] {
            let response = try index.search(SearchRequest(vector: same, partitions: [partition], k: 10, effort: effort))
            #expect(response.hits.map(\.score) == exact.hits.map(\.score), "\(effort)")
            let batch = try index.searchBatch([same, same, same, same, same], partitions: [partition], k: 10, effort: effort)
            #expect(batch.allSatisfy { $0.hits.count == 10 }, "\(effort)")
        }
    }
}
