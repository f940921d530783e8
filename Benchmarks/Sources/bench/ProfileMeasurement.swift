import CStageClock
import Foundation
import VectorDatasets
import VectorIndex

/// Builds a partition of a set's rows and takes the stages of single queries apart.
struct ProfileMeasurement {
    let folder: DatasetFolder
    let queries: Int
    let k: Int
    let recall: Double

    private static let rowsPerInsert = 1000
    private static let warmUp = 100
    /// Each query is measured so often, and its fastest time counts: what interrupts it is not its own.
    private static let passes = 5
    /// More than the last cache holds.
    private static let memoryBytes = 256 << 20

    func run() throws -> ProfileReport {
        BLASRuntime.useOneThread()
        let machine = Machine.current
        let base = try folder.base()
        let all = try folder.queries(for: base)
        let vectors = (0..<min(all.rows, queries + Self.warmUp)).map { all.copy($0..<$0 + 1) }
        let partition = UUID()
        let index = try build(base, partition)
        for vector in vectors.suffix(Self.warmUp) { _ = try query(index, partition, vector) }
        var samples: [ProfileReport.Sample] = []
        for vector in vectors.prefix(queries) {
            var fastest = try query(index, partition, vector)
            for _ in 1..<Self.passes {
                let next = try query(index, partition, vector)
                if next.total < fastest.total { fastest = next }
            }
            samples.append(fastest)
        }
        let memory = MemoryRead(bytes: Self.memoryBytes)
        let pass = try (0..<9).map { _ in try seconds { try memory.pass() } }.min() ?? 1
        let statistics = index.statistics
        return ProfileReport(
            rows: base.rows, dimensions: base.dimensions, lists: statistics.lists, k: k, recall: recall, machine: machine, samples: samples,
            bytesPerNanosecond: Double(memory.bytes) / (pass * 1e9))
    }

    private func build(_ base: VectorMatrix, _ partition: UUID) throws -> PartitionedIndex {
        var configuration = IndexConfiguration(dimensions: base.dimensions)
        configuration.workers = ProcessInfo.processInfo.activeProcessorCount
        configuration.maintainsItself = false
        let index = PartitionedIndex(configuration: configuration)
        for start in stride(from: 0, to: base.rows, by: Self.rowsPerInsert) {
            let range = start..<min(start + Self.rowsPerInsert, base.rows)
            try index.upsert(range.map { IndexRow(id: UUID(), vector: base.copy($0..<$0 + 1)) }, in: partition)
        }
        index.maintain()
        return index
    }

    private func query(_ index: PartitionedIndex, _ partition: UUID, _ vector: [Float]) throws -> ProfileReport.Sample {
        let request = SearchRequest(vector: vector, partitions: [partition], k: k, effort: .recall(recall))
        stage_clock_reset()
        let begin = stage_clock_now()
        let response = try index.search(request)
        let end = stage_clock_now()
        let clock = stage_clock_read()
        guard clock.scan_begins > 0, clock.rerank_ends > 0 else { throw NoStages() }
        return ProfileReport.Sample(
            preparation: Double(clock.quantized - begin), ranking: Double(clock.scan_begins - clock.quantized),
            scan: Double(clock.rerank_begins - clock.scan_begins), rerank: Double(clock.rerank_ends - clock.rerank_begins),
            hits: Double(end - clock.rerank_ends), probes: response.probes, scanned: clock.scanned, candidates: clock.candidates,
            scored: clock.scored)
    }
}

struct NoStages: Error, CustomStringConvertible {
    let description = "the partition is searched without codes, so there are no stages; take a set of more than 256 rows"
}
