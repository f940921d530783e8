import Foundation
import SyntheticEmbeddings
import VectorIndex

/// One run: builds a partition of generated rows, then measures searches and the memory in turn.
struct ExactMeasurement {
    let rows: Int
    let dimensions: Int
    let queries: Int
    let batch: Int
    let k: Int
    let seed: UInt64

    /// Queries before the measured ones, different from them.
    private static let warmUp = 20

    func run() throws -> ExactReport {
        BLASRuntime.useOneThread()
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let generator = EmbeddingGenerator(rows: rows, dimensions: dimensions, seed: seed)
        let partition = UUID()
        let (index, insertSeconds) = try build(generator, partition)
        let vectors = generator.queries(Self.warmUp + max(queries, batch))
        let measured = Array(vectors.dropFirst(Self.warmUp))
        for vector in vectors.prefix(Self.warmUp) { _ = try search(index, partition, vector) }

        let memory = MemoryBandwidth(bytes: 256 << 20)
        let streamBefore = (memory.read(threads: 1), memory.read(threads: threads))
        let single = try measured.prefix(queries).map { vector in try seconds { _ = try search(index, partition, vector) } }
        let parallel = try onThreads(threads) { thread in
            for vector in measured.prefix(queries).dropFirst(thread) { _ = try search(index, partition, vector) }
        }
        let batchVectors = Array(measured.prefix(batch))
        var answers: [SearchResponse] = []
        let batchSeconds = try seconds { answers = try index.searchBatch(batchVectors, partitions: [partition], k: k) }
        let streamAfter = (memory.read(threads: 1), memory.read(threads: threads))
        try check(answers, index, partition, batchVectors)

        return ExactReport(
            rows: rows, dimensions: dimensions, k: k, seed: seed, queries: queries, batch: batch, threads: threads,
            machine: Machine.current, insertSeconds: insertSeconds, singleSeconds: single.sorted(),
            parallelQueriesPerSecond: Double(threads * queries - threads * (threads - 1) / 2) / parallel,
            batchSeconds: batchSeconds, streamOneThread: max(streamBefore.0, streamAfter.0),
            streamAllThreads: max(streamBefore.1, streamAfter.1))
    }

    private func build(_ generator: EmbeddingGenerator, _ partition: UUID) throws -> (PartitionedIndex, Double) {
        let index = PartitionedIndex(configuration: IndexConfiguration(dimensions: dimensions))
        var total = 0.0
        for start in stride(from: 0, to: rows, by: 1000) {
            let batch = generator.rows(start..<min(rows, start + 1000)).map { IndexRow(id: UUID(), vector: $0) }
            total += try seconds { try index.upsert(batch, in: partition) }
        }
        return (index, total)
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
