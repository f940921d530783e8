import Dispatch
import Foundation
import Synchronization
import Testing
import RowFilters
import VectorIndex

/// Searches while rows change. Blocking threads, so not tasks.
final class ConcurrencyTests: Sendable {
    private static let dimensions = 16
    private let index = PartitionedIndex(configuration: IndexConfiguration(dimensions: dimensions))
    private let partition = id(9_000_000)
    private let problems = Mutex<[String]>([])

    private func report(_ problem: String?) {
        if let problem { problems.withLock { $0.append(problem) } }
    }

    private func everything(_ query: [Float]) throws -> [UUID: Float] {
        let hits = try index.search(SearchRequest(vector: query, partitions: [partition], k: 10_000)).hits
        let scores = Dictionary(hits.map { ($0.id, $0.score) }, uniquingKeysWith: { first, _ in first })
        if scores.count != hits.count { report("a row twice among \(hits.count) hits") }
        return scores
    }

    /// Runs each body on a thread of its own: a dispatch queue would run only as many at a time as there are cores.
    private func run(_ bodies: [@Sendable () throws -> Void]) {
        let group = DispatchGroup()
        for body in bodies {
            group.enter()
            Thread {
                do { try body() } catch { self.report("\(error)") }
                group.leave()
            }.start()
        }
        group.wait()
    }

    /// Rows 0..<400 stay; 1000..<1100 are replaced all the time, always in pairs of equal vectors; 2000... come and go.
    @Test func noRowIsLostDoubledOrBackFromTheDead() throws {
        var generator = SplitMix64(seed: 21)
        let fixed = (0..<400).map { IndexRow(id: id($0), vector: smoothVector(Self.dimensions, &generator)) }
        let replaced = (1000..<1100).map { IndexRow(id: id($0), vector: [Float](repeating: 1, count: Self.dimensions)) }
        try index.upsert(fixed + replaced, in: partition)
        let running = Atomic(true)
        let searches = Atomic(0)
        let index = index
        let partition = partition

        let replacer: @Sendable () throws -> Void = {
            var generator = SplitMix64(seed: 22)
            for turn in 0..<3000 {
                let first = 1000 + 2 * (turn % 50)
                let vector = smoothVector(Self.dimensions, &generator)
                try index.upsert([IndexRow(id: id(first), vector: vector), IndexRow(id: id(first + 1), vector: vector)], in: partition)
            }
            running.store(false, ordering: .releasing)
        }
        let comingAndGoing: @Sendable () throws -> Void = {
            var generator = SplitMix64(seed: 23)
            var number = 2000
            while running.load(ordering: .acquiring) {
                let ids = (number..<number + 40).map(id)
                number += 40
                let query = smoothVector(Self.dimensions, &generator)
                try index.upsert(ids.map { IndexRow(id: $0, vector: query) }, in: partition)
                let there = try self.everything(query)
                self.report(ids.allSatisfy { there[$0] != nil } ? nil : "an upserted row is missing")
                self.report(index.remove(ids, from: partition) == 40 ? nil : "a row could not be removed")
                let gone = try self.everything(query)
                self.report(ids.contains { gone[$0] != nil } ? "a removed row is back" : nil)
            }
        }
        let reader: @Sendable () throws -> Void = {
            var generator = SplitMix64(seed: 24)
            while running.load(ordering: .acquiring) {
                let scores = try self.everything(smoothVector(Self.dimensions, &generator))
                self.report((0..<400).allSatisfy { scores[id($0)] != nil } ? nil : "a row that never changed is missing")
                for first in stride(from: 1000, to: 1100, by: 2) {
                    guard let one = scores[id(first)], let other = scores[id(first + 1)] else {
                        self.report("a row is missing while it is replaced")
                        continue
                    }
                    self.report(one == other ? nil : "half of a batch is visible")
                }
                searches.add(1, ordering: .relaxed)
            }
        }
        run([replacer, comingAndGoing, reader, reader])
        #expect(problems.withLock { $0 } == [])
        #expect(searches.load(ordering: .relaxed) > 0)
        try index.checkInvariants()
        #expect(index.count(in: partition) == 500)
    }

    /// Rows change their one keyword all the time, two of them together: a search for a keyword sees both rows or none, in a partition that
    /// moves and renumbers its rows meanwhile, and others always match the negation.
    @Test func aFilterSeesOneMoment() throws {
        var generator = SplitMix64(seed: 31)
        func row(_ number: Int, turn: Int) -> IndexRow {
            let attributes = RowAttributes(keywords: ["turn": ["\(turn)"]], numbers: ["turn": Double(turn)])
            return IndexRow(id: id(number), vector: smoothVector(Self.dimensions, &generator), attributes: attributes)
        }
        try index.upsert((0..<300).map { row($0, turn: $0 / 2) }, in: partition)
        let running = Atomic(true)
        let index = index
        let partition = partition
        let batches = (0..<1500).map { turn in [row(turn % 150 * 2, turn: turn % 150), row(turn % 150 * 2 + 1, turn: turn % 150)] }
        let writer: @Sendable () throws -> Void = {
            for batch in batches { try index.upsert(batch, in: partition) }
            running.store(false, ordering: .releasing)
        }
        let reader: @Sendable () throws -> Void = {
            var generator = SplitMix64(seed: 32)
            while running.load(ordering: .acquiring) {
                let turn = Int.random(in: 0..<150, using: &generator)
                let query = smoothVector(Self.dimensions, &generator)
                func search(_ filter: RowFilter) throws -> SearchResponse {
                    try index.search(SearchRequest(vector: query, partitions: [partition], k: 300, filter: filter, effort: .exact))
                }
                let pair = Set([id(2 * turn), id(2 * turn + 1)])
                let equal = try search(.compare(.equal, key: "turn", value: .text("\(turn)")))
                self.report(Set(equal.hits.map(\.id)) == pair ? nil : "\(equal.hits.count) rows of turn \(turn)")
                let others = try search(.compare(.notEqual, key: "turn", value: .number(Double(turn))))
                self.report(others.matched == 298 && pair.isDisjoint(with: others.hits.map(\.id)) ? nil : "\(others.matched) others")
            }
        }
        run([writer, reader, reader])
        #expect(problems.withLock { $0 } == [])
        try index.checkInvariants()
    }

    /// A whole partition is exchanged between two states; a search sees one of them.
    @Test func replacementIsSeenAsAWhole() throws {
        let states = [0, 1].map { state in
            (0..<700).map { IndexRow(id: id(10_000 * state + $0), vector: [Float](repeating: 1, count: Self.dimensions)) }
        }
        try index.replacePartition(partition, with: states[0])
        let running = Atomic(true)
        let index = index
        let partition = partition
        let writer: @Sendable () throws -> Void = {
            for turn in 1...200 { try index.replacePartition(partition, with: states[turn % 2]) }
            running.store(false, ordering: .releasing)
        }
        let reader: @Sendable () throws -> Void = {
            while running.load(ordering: .acquiring) {
                let seen = Set(try self.everything([Float](repeating: 1, count: Self.dimensions)).keys)
                self.report(states.contains { Set($0.map(\.id)) == seen } ? nil : "\(seen.count) rows of both states")
            }
        }
        run([writer, reader])
        #expect(problems.withLock { $0 } == [])
    }

    /// A partition that is trained, split, compacted and renumbered while it is searched. Rows 0..<600 stay for ever; others come and go.
    @Test func searchesGoOnWhileThePartitionIsReorganised() throws {
        var configuration = IndexConfiguration(dimensions: Self.dimensions)
        configuration.exhaustiveRows = 50
        configuration.singleListRows = 400
        let index = PartitionedIndex(configuration: configuration)
        let partition = partition
        var generator = SplitMix64(seed: 31)
        let kept = RowAttributes(keywords: ["kind": ["kept"]])
        let fixed = (0..<600).map { IndexRow(id: id($0), vector: smoothVector(Self.dimensions, &generator), attributes: kept) }
        try index.upsert(fixed, in: partition)
        let running = Atomic(2)
        let searches = Atomic(0)
        let left = Mutex<[UUID: [Float]]>([:])

        @Sendable func churn(_ first: Int, _ seed: UInt64) throws {
            defer { running.subtract(1, ordering: .releasing) }
            var generator = SplitMix64(seed: seed)
            var there: [UUID: [Float]] = [:]
            func remove(_ ids: [UUID]) {
                index.remove(ids, from: partition)
                for id in ids { there[id] = nil }
            }
            for turn in 0..<150 {
                // Some batches fill whole pieces of memory, which are written before a writer's turn comes.
                let size = turn % 10 == 0 ? PartitionedIndex.bulkRows * 2 + 300 : turn % 10 == 5 ? PartitionedIndex.bulkRows : 100
                let rows = (0..<size).map { _ in
                    let number = first + Int.random(in: 0..<3_000, using: &generator)
                    return IndexRow(id: id(number), vector: smoothVector(Self.dimensions, &generator))
                }
                try index.upsert(rows, in: partition)
                for row in rows { there[row.id] = row.vector }
                if turn % 3 == 0 { remove((0..<500).map { _ in id(first + Int.random(in: 0..<3_000, using: &generator)) }) }
                if turn % 40 == 39 { remove((0..<3_000).map { id(first + $0) }) }
            }
            left.withLock { [there] in $0.merge(there) { first, _ in first } }
        }
        let reader: @Sendable () throws -> Void = {
            var generator = SplitMix64(seed: 34)
            while running.load(ordering: .acquiring) > 0 {
                let number = Int.random(in: 0..<600, using: &generator)
                for effort in [SearchEffort.exact, .recall(0.95), .probes(3, epsilon: 1.9)] {
                    let response = try index.search(
                        SearchRequest(vector: fixed[number].vector, partitions: [partition], k: 5, effort: effort))
                    self.report(response.hits.count == 5 ? nil : "\(response.hits.count) hits")
                    self.report(Set(response.hits.map(\.id)).count == response.hits.count ? nil : "a row twice")
                    let found = response.hits.first?.id == id(number)
                    self.report(found || effort != .exact ? nil : "a row that never changed is lost")
                }
                let few = Set((0..<40).map { id($0 * 15) })
                let filtered = try index.search(
                    SearchRequest(vector: fixed[number].vector, partitions: [partition], k: 40, allowed: few))
                self.report(Set(filtered.hits.map(\.id)) == few ? nil : "a filter lost rows")
                // More rows than are scored directly, in lists that are split and merged meanwhile.
                let batch = try index.searchBatch(
                    fixed[number..<min(600, number + 20)].map(\.vector), partitions: [partition], k: 7,
                    filter: .compare(.equal, key: "kind", value: .text("kept")), effort: .recall(0.95))
                for response in batch {
                    self.report(response.hits.count == 7 && response.matched == 600 ? nil : "a filter found \(response)")
                }
                searches.add(1, ordering: .relaxed)
            }
        }
        run([{ try churn(10_000, 32) }, { try churn(20_000, 33) }, reader, reader])
        #expect(problems.withLock { $0 } == [])
        #expect(searches.load(ordering: .relaxed) > 0)
        index.maintain()
        try index.checkInvariants()
        let rows = left.withLock(\.self)
        #expect(rows.count > 1_000 && index.count(in: partition) == fixed.count + rows.count)
        for (id, vector) in rows.prefix(500) {
            let request = SearchRequest(vector: vector, partitions: [partition], k: 1, effort: .exact)
            #expect(try index.search(request).hits.first?.id == id)
        }
    }
}
