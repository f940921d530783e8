import Foundation
import VectorDatasets
import VectorIndex

/// One run: builds a partition of generated rows, then measures searches and the memory in turn.
struct ExactMeasurement {
    let rows: Int
    let queries: Int
    let batch: Int
    let k: Int
    let seed: UInt64

    /// Queries before the measured ones, different from them.
    private static let warmUp = 20

    func run() throws -> ExactReport {
        BLASRuntime.useOneThread()
        let machine = Machine.current
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let generator = try SyntheticEmbeddings(rows: rows, seed: seed)
        let partition = UUID()
        let (index, insertSeconds) = try build(generator, partition)
        let vectors = Self.vectors(generator.queries(0..<Self.warmUp + max(queries, batch)))
        let measured = Array(vectors.dropFirst(Self.warmUp))
        for vector in vectors.prefix(Self.warmUp) { _ = try search(index, partition, vector) }

        let memory = MemoryRead(bytes: rows * SyntheticEmbeddings.dimensions * 4)
        let singles = Array(measured.prefix(queries))
        let (single, passes) = try alternate(singles, memory) { _ = try search(index, partition, $0) }
        let parallel = try onThreads(threads) { _ in
            for vector in singles { _ = try search(index, partition, vector) }
        }
        let parallelPasses = try onThreads(threads) { _ in
            for _ in singles { try memory.pass() }
        }
        let batchVectors = Array(measured.prefix(batch))
        var answers: [SearchResponse] = []
        let batchSeconds = try seconds { answers = try index.searchBatch(batchVectors, partitions: [partition], k: k) }
        try check(answers, index, partition, batchVectors)

        return ExactReport(
            rows: rows, dimensions: SyntheticEmbeddings.dimensions, k: k, seed: seed, queries: queries, batch: batch, threads: threads,
            machine: machine, insertSeconds: insertSeconds, singleSeconds: single, passSeconds: passes, passBytes: memory.bytes,
            parallelSeconds: parallel, parallelPassSeconds: parallelPasses, batchSeconds: batchSeconds)
    }

    /// Seconds of each query and of a pass over the memory after each: both meet the same state of the machine.
    private func alternate(
        _ vectors: [[Float]], _ memory: MemoryRead, search: ([Float]) throws -> Void
    ) throws -> (queries: [Double], passes: [Double]) {
        var queries: [Double] = []
        var passes: [Double] = []
        for vector in vectors {
            queries.append(try seconds { try search(vector) })
            passes.append(try seconds { try memory.pass() })
        }
        return (queries.sorted(), passes.sorted())
    }

    private func build(_ generator: SyntheticEmbeddings, _ partition: UUID) throws -> (PartitionedIndex, Double) {
        let index = PartitionedIndex(configuration: IndexConfiguration(dimensions: SyntheticEmbeddings.dimensions))
        var total = 0.0
        for start in stride(from: 0, to: rows, by: 1000) {
            let batch = Self.vectors(generator.rows(start..<min(rows, start + 1000))).map { IndexRow(id: UUID(), vector: $0) }
            total += try seconds { try index.upsert(batch, in: partition) }
        }
        return (index, total)
    }

    /// Vectors that stand one after the other, each for itself.
    private static func vectors(_ values: [Float]) -> [[Float]] {
        stride(from: 0, to: values.count, by: SyntheticEmbeddings.dimensions).map {
            Array(values[$0..<$0 + SyntheticEmbeddings.dimensions])
        }
    }

    private func search(_ index: PartitionedIndex, _ partition: UUID, _ vector: [Float]) throws -> SearchResponse {
        try index.search(SearchRequest(vector: vector, partitions: [partition], k: k))
    }

    /// Figures of wrong answers are worth nothing: the batch must agree with single searches.
    private func check(_ answers: [SearchResponse], _ index: PartitionedIndex, _ partition: UUID, _ vectors: [[Float]]) throws {
        for (answer, vector) in zip(answers, vectors).prefix(20) where try search(index, partition, vector).hits != answer.hits {
            throw WrongAnswer()
        }
    }
}

struct WrongAnswer: Error, CustomStringConvertible {
    let description = "a batch and a single search disagree: a bug in VectorIndex, please report it with the seed"
}
