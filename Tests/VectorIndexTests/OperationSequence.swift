import Foundation
import Testing

@testable import VectorIndex

/// A random sequence of every operation on partitions that pass through all structures, beside `NaiveIndex`. Its seed fixes all of it.
///
/// The thresholds are so low that some hundred rows are trained, split, merged, compacted and renumbered.
struct OperationSequence {
    static let dimensions = 8
    static let partitions = (0..<2).map { id(1_000_000 + $0) }

    let seed: UInt64
    let ids = 80
    private(set) var index: PartitionedIndex
    /// What befell the partitions, and how often.
    private(set) var events: [Event: Int] = [:]
    private(set) var failure: String?
    private var naive = NaiveIndex()
    private var generator: SplitMix64
    private var shapes: [Shape] = []

    enum Event: CaseIterable {
        case coded, trained, split, merged, becameList, becameRows, compacted, renumbered, saved, evicted
    }

    init(seed: UInt64) {
        self.seed = seed
        generator = SplitMix64(seed: seed)
        var configuration = IndexConfiguration(dimensions: Self.dimensions)
        configuration.exhaustiveRows = 12
        configuration.singleListRows = 30
        configuration.maintenance = MaintenanceThresholds(deadRowsInList: 2, droppedChunks: 2, calibrationRows: 2, smallestSplit: 4)
        configuration.maintainsItself = false
        configuration.seed = seed
        // Every second index has its vectors in a file whenever it is maintained.
        if seed % 2 == 1 { configuration.memory = MemoryBudget(bytes: 1, folder: Self.fastFolder) }
        index = PartitionedIndex(configuration: configuration)
        shapes = Self.partitions.map { Shape(index.existing($0)) }
    }

    /// Stops at the first thing that is wrong, which `failure` tells with the seed and the operation.
    mutating func run(operations: Int) {
        for step in 0..<operations where failure == nil {
            let partition = Self.partitions[number(below: 4) == 0 ? 1 : 0]
            let operation = Operation.all[number(below: Operation.all.count)]
            do {
                if let complaint = try apply(operation, partition) ?? countComplaint() {
                    failure = "seed \(seed), operation \(step) (\(operation)): \(complaint)"
                }
            } catch {
                failure = "seed \(seed), operation \(step) (\(operation)): \(error)"
            }
            observe()
        }
        guard failure == nil else { return }
        do {
            try index.checkInvariants()
        } catch {
            failure = "seed \(seed), after all operations: \(error)"
        }
    }

    private enum Operation {
        case upsert, upsertTopic, remove, removeTopic, maintain, search, batch, save, replace, removePartition

        /// Each as often as it shall come.
        static let all: [Operation] = [
            .upsert, .upsert, .upsert, .upsert, .upsertTopic, .upsertTopic, .remove, .removeTopic, .removeTopic, .maintain, .maintain,
            .maintain,
            .search, .search, .batch, .save, .replace, .removePartition,
        ]
    }

    private mutating func apply(_ operation: Operation, _ partition: UUID) throws -> String? {
        switch operation {
        case .upsert: return try upsert((0..<number(below: 42)).map { _ in row() }, partition)
        case .upsertTopic:
            _ = try upsert((0..<number(below: 30)).map { _ in row(topic: true) }, partition)
            index.maintain()
        case .remove: return remove((0..<number(below: 40)).map { _ in id(number(below: ids)) }, partition)
        case .removeTopic:
            let first = number(below: ids)
            return remove((first..<first + 3 * ids / 4).map { id($0 % ids) }, partition)
        case .maintain: index.maintain()
        case .search:
            let request = request()
            return naive.complaint(about: try index.search(request), to: request, mayMiss: request.effort != .exact)
                .map { "\($0); \(request.summary)" }
        case .batch: return try batch()
        case .save: try save()
        case .replace:
            let rows = (0..<number(below: ids)).map { _ in row() }
            try index.replacePartition(partition, with: rows)
            naive.rows[partition] = [:]
            naive.upsert(rows, in: partition)
        case .removePartition where number(below: 3) == 0:
            let expected = naive.rows.removeValue(forKey: partition)?.count ?? 0
            let removed = index.removePartition(partition)
            return removed == expected ? nil : "\(removed) rows were removed, not \(expected)"
        case .removePartition: break
        }
        return nil
    }

    private mutating func number(below limit: Int) -> Int {
        Int.random(in: 0..<limit, using: &generator)
    }

    private mutating func row(topic: Bool = false) -> IndexRow {
        let kind = number(below: 8)
        // Equal rows, rows of few values whose scores tie, rows of one topic, and others.
        var vector =
            kind == 0
            ? [Float](repeating: 1, count: Self.dimensions)
            : kind < 3 ? coarseVector(Self.dimensions, &generator) : smoothVector(Self.dimensions, &generator)
        if topic { for position in vector.indices { vector[position] = 0.2 * vector[position] + (position < 3 ? 1 : 0) } }
        return IndexRow(id: id(number(below: ids)), vector: vector, attributes: randomAttributes(&generator))
    }

    private mutating func upsert(_ rows: [IndexRow], _ partition: UUID) throws -> String? {
        try index.upsert(rows, in: partition)
        naive.upsert(rows, in: partition)
        return nil
    }

    private mutating func remove(_ ids: [UUID], _ partition: UUID) -> String? {
        let expected = Set(ids).filter { naive.rows[partition]?.removeValue(forKey: $0) != nil }.count
        let removed = index.remove(ids, from: partition)
        return removed == expected ? nil : "\(removed) rows were removed, not \(expected)"
    }

    private mutating func request() -> SearchRequest {
        let allowed = (0..<ids).filter { _ in Bool.random(using: &generator) }.map(id)
        let efforts = [
            SearchEffort.exact, .exact, .standard, .recall(0.8), .probes(2, epsilon: 1.9), .flat(probes: 3), .probes(1_000, epsilon: 2.5),
        ]
        return SearchRequest(
            vector: coarseVector(Self.dimensions, &generator), partitions: Array(Self.partitions.prefix(1 + number(below: 2))),
            k: [1, 3, 10, 1_000][number(below: 4)], allowed: number(below: 3) == 0 ? Set(allowed) : nil,
            filter: number(below: 3) == 0 ? randomFilter(&generator) : nil, effort: efforts[number(below: efforts.count)])
    }

    private mutating func batch() throws -> String? {
        var request = request()
        let vectors = (0..<1 + number(below: 6)).map { _ in coarseVector(Self.dimensions, &generator) }
        let responses = try index.searchBatch(
            vectors, partitions: request.partitions, k: request.k, allowed: request.allowed, filter: request.filter,
            effort: request.effort)
        for (vector, response) in zip(vectors, responses) {
            request.vector = vector
            if let complaint = naive.complaint(about: response, to: request, mayMiss: request.effort != .exact) {
                return "\(complaint); \(vectors.count) queries, \(request.summary)"
            }
            if request.effort == .exact, response.hits != (try index.search(request).hits) { return "a single search finds others" }
        }
        return responses.count == vectors.count ? nil : "\(responses.count) responses to \(vectors.count) queries"
    }

    /// Goes on with what was loaded.
    private mutating func save() throws {
        let folder = Self.fastFolder.appending(path: "bunko-sequence-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try index.writeSnapshot(to: folder)
        index = try PartitionedIndex(snapshot: IndexSnapshot(at: folder), configuration: index.configuration, verification: .full)
        events[.saved, default: 0] += 1
    }

    private static let fastFolder: URL = {
        let memory = URL(fileURLWithPath: "/dev/shm")
        return FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
    }()

    private func countComplaint() -> String? {
        for partition in Self.partitions {
            let (count, expected) = (index.count(in: partition), naive.rows[partition]?.count ?? 0)
            if count != expected { return "\(count) rows, not \(expected)" }
        }
        return nil
    }

    private mutating func observe() {
        let now = Self.partitions.map { Shape(index.existing($0)) }
        for (old, new) in zip(shapes, now) {
            for event in new.events(since: old) { events[event, default: 0] += 1 }
        }
        shapes = now
    }
}

extension SearchRequest {
    fileprivate var summary: String {
        let ids = allowed.map { "\($0.count) ids" } ?? "all ids"
        return "k \(k), \(effort), \(partitions.count) partitions, \(ids), filter \(filter.map { "\($0)" } ?? "none")"
    }
}

/// The structure of a partition at one moment.
private struct Shape {
    private let partition: Partition?
    private let components: PrincipalComponents?
    private let lists: Int
    private let chunks: Int
    private let dropped: Int
    private let inFiles: Int

    init(_ partition: Partition?) {
        let table = partition?.view.withLock { $0.table }
        self.partition = partition
        components = table?.coarse?.components
        lists = table?.lists.count ?? 0
        chunks = table?.chunks.count ?? 0
        dropped = table?.chunks.count { $0 == nil } ?? 0
        inFiles = table?.chunks.count { $0?.isInFile ?? false } ?? 0
    }

    func events(since old: Shape) -> [OperationSequence.Event] {
        var events: [OperationSequence.Event] = []
        if let components, components !== old.components { events.append(.trained) }
        guard let partition, partition === old.partition else { return events }
        if old.lists == 0, lists == 1 { events.append(.coded) }
        if old.lists > 1, lists == 1 { events.append(.becameList) }
        if old.lists > 0, lists == 0 { events.append(.becameRows) }
        if components != nil, components === old.components, lists > old.lists { events.append(.split) }
        if components != nil, components === old.components, lists < old.lists { events.append(.merged) }
        if dropped > old.dropped { events.append(.compacted) }
        if inFiles > old.inFiles { events.append(.evicted) }
        if chunks < old.chunks { events.append(.renumbered) }
        return events
    }
}
