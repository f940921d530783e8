import Foundation
import Testing
import VectorIndex

/// Random sequences of every operation, checked against `NaiveIndex` after each step.
struct OperationSequenceTests {
    private struct Run {
        let dimensions = 16
        let index = PartitionedIndex(configuration: IndexConfiguration(dimensions: 16))
        let partitions = (0..<3).map { id(1_000_000 + $0) }
        let idRange: Range<Int>
        var naive = NaiveIndex()
        var generator: SplitMix64

        init(seed: UInt64, ids: Int) {
            idRange = 0..<ids
            generator = SplitMix64(seed: seed)
        }

        mutating func step() throws {
            let partition = partitions[Int.random(in: 0..<3, using: &generator)]
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<8: try upsert(partition)
            case 8..<14: remove(partition)
            case 14: removePartition(partition)
            case 15: try replace(partition)
            default: break
            }
            try index.checkInvariants()
            try check(partition)
        }

        private mutating func rows(_ limit: Int) -> [IndexRow] {
            (0..<Int.random(in: 0...limit, using: &generator)).map { _ in
                let number = Int.random(in: idRange, using: &generator)
                let coarse = Bool.random(using: &generator)
                return IndexRow(
                    id: id(number), vector: coarse ? coarseVector(dimensions, &generator) : smoothVector(dimensions, &generator),
                    attributes: randomAttributes(&generator))
            }
        }

        private mutating func upsert(_ partition: UUID) throws {
            let batch = rows(idRange.count / 4)
            try index.upsert(batch, in: partition)
            naive.upsert(batch, in: partition)
        }

        private mutating func remove(_ partition: UUID) {
            let ids = (0..<Int.random(in: 0...idRange.count / 4, using: &generator)).map { _ in
                id(Int.random(in: idRange, using: &generator))
            }
            let expected = Set(ids).filter { naive.rows[partition]?.removeValue(forKey: $0) != nil }.count
            #expect(index.remove(ids, from: partition) == expected)
        }

        private mutating func removePartition(_ partition: UUID) {
            #expect(index.removePartition(partition) == naive.rows.removeValue(forKey: partition)?.count ?? 0)
        }

        private mutating func replace(_ partition: UUID) throws {
            let batch = rows(idRange.count)
            try index.replacePartition(partition, with: batch)
            naive.rows[partition] = [:]
            naive.upsert(batch, in: partition)
        }

        private mutating func check(_ partition: UUID) throws {
            let known = naive.rows[partition] ?? [:]
            #expect(index.count(in: partition) == known.count)
            let probe = id(Int.random(in: idRange, using: &generator))
            #expect(index.contains(probe, in: partition) == (known[probe] != nil))
            let request = randomRequest()
            let response = try index.search(request)
            #expect(naive.complaint(about: response, to: request) == nil)
            let statistics = index.statistics
            #expect(statistics.rows == naive.rows.values.reduce(0) { $0 + $1.count })
            #expect(statistics.partitions == naive.rows.values.filter { !$0.isEmpty }.count)
        }

        private mutating func randomRequest() -> SearchRequest {
            let scope = partitions.filter { _ in Bool.random(using: &generator) }
            let k = [1, 3, 10, 1000][Int.random(in: 0..<4, using: &generator)]
            let share = [0.02, 0.3, 0.9][Int.random(in: 0..<3, using: &generator)]
            let allowed = idRange.filter { _ in Double.random(in: 0..<1, using: &generator) < share }.map(id)
            let filtered = Bool.random(using: &generator)
            return SearchRequest(
                vector: coarseVector(dimensions, &generator), partitions: scope + scope.prefix(1), k: k,
                allowed: filtered ? Set(allowed) : nil,
                filter: Bool.random(using: &generator) ? randomFilter(&generator) : nil, effort: .exact)
        }
    }

    /// Thousands of sequences: in each group everything that can befall a partition does.
    @Test(arguments: 0..<8)
    func everythingInEveryOrder(group: Int) {
        var events: [OperationSequence.Event: Int] = [:]
        for number in 0..<376 {
            var sequence = OperationSequence(seed: UInt64(10_000 * group + number))
            sequence.run(operations: 8)
            if let failure = sequence.failure { Issue.record(Comment(rawValue: failure)) }
            events.merge(sequence.events) { $0 + $1 }
        }
        for event in OperationSequence.Event.allCases { #expect(events[event, default: 0] > 0, "\(event)") }
    }

    @Test(arguments: 0..<4)
    func partitionsOfManyBlocks(seed: Int) throws {
        var run = Run(seed: UInt64(90_000 + seed), ids: 2500)
        for _ in 0..<12 { try run.step() }
    }
}
