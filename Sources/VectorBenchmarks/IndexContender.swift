import Foundation
import VectorDatasets
import VectorIndex

/// One partition of the index as it comes: default configuration, trained when all rows are in.
public struct IndexContender: SearchContender {
    private static let rowsPerInsert = 1000

    public let system = "bunko"
    private let index: PartitionedIndex
    private let partition = UUID()

    /// Fills and trains the partition on `workers` threads.
    public init(_ base: VectorMatrix, workers: Int) throws {
        var configuration = IndexConfiguration(dimensions: base.dimensions)
        configuration.workers = workers
        configuration.maintainsItself = false
        index = PartitionedIndex(configuration: configuration)
        for start in stride(from: 0, to: base.rows, by: Self.rowsPerInsert) {
            try Task.checkCancellation()
            let range = start..<min(start + Self.rowsPerInsert, base.rows)
            try index.upsert(range.map { IndexRow(id: UUID(row: $0), vector: base.copy($0..<$0 + 1)) }, in: partition)
        }
        index.maintain()
    }

    public var memoryBytes: Int { index.statistics.bytes }

    /// Recalls asked for by name, numbers of lists with both widths of the bounds, and the exact search.
    public var settings: [(parameters: [String: BenchmarkResult.Parameter], setting: SearchEffort)] {
        let recalls = [0.8, 0.9, 0.95, 0.98, 0.99].map { recall in
            (["recall": BenchmarkResult.Parameter.number(recall)], SearchEffort.recall(recall))
        }
        let lists = index.statistics.lists
        let probes = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512].filter { $0 == 1 || $0 <= lists }
        let widths: [Float] = [1.5, 1.9, 2.5]
        let fixed = widths.flatMap { epsilon in
            probes.map { count in
                (
                    ["nprobe": BenchmarkResult.Parameter.integer(count), "epsilon": .number(Double(String(epsilon)) ?? 0)],
                    SearchEffort.probes(count, epsilon: epsilon)
                )
            }
        }
        return recalls + fixed + [(["exact": .flag(true)], .exact)]
    }

    public func search(_ query: [Float], k: Int, _ setting: SearchEffort) throws -> SearchResponse {
        try index.search(SearchRequest(vector: query, partitions: [partition], k: k, effort: setting))
    }

    public func searchBatch(_ queries: [[Float]], k: Int, threads: Int, _ setting: SearchEffort) throws -> [SearchResponse] {
        try index.searchBatch(queries, partitions: [partition], k: k, effort: setting, workers: threads)
    }

    public func rows(of answer: SearchResponse) -> [Int] {
        answer.hits.map { $0.id.row }
    }
}

extension UUID {
    /// An id that carries a row's number in its last four bytes.
    init(row: Int) {
        let bytes = withUnsafeBytes(of: UInt32(row).bigEndian, Array.init)
        self.init(uuid: (0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, bytes[0], bytes[1], bytes[2], bytes[3]))
    }

    /// The number that the id was made from.
    var row: Int {
        withUnsafeBytes(of: uuid) { Int(UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: 12, as: UInt32.self))) }
    }
}
