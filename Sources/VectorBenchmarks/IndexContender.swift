import Foundation
import VectorDatasets
import RowFilters
import VectorIndex

/// One partition of the index as it comes: default configuration, trained when all rows are in.
public struct IndexContender: SearchContender {
    private static let rowsPerInsert = 1000

    public let system = "bunko"
    /// What building it took.
    public let build: BuildFigures
    let index: PartitionedIndex
    let partition = UUID()
    /// What every search is limited to.
    private var filter: RowFilter?
    /// Measured instead of the sweep.
    private var efforts: [SearchEffort]?

    /// Fills and trains the partition on `workers` threads.
    public init(_ base: VectorMatrix, workers: Int) throws {
        try self.init(base, rows: base.rows, workers: workers) { _ in RowAttributes() }
    }

    /// The first rows of a base, with attributes.
    init(_ base: VectorMatrix, rows: Int, workers: Int, attributes: (Int) -> RowAttributes) throws {
        var configuration = IndexConfiguration(dimensions: base.dimensions)
        configuration.workers = workers
        configuration.maintainsItself = false
        let index = PartitionedIndex(configuration: configuration)
        let partition = partition
        let clock = ContinuousClock()
        let (seconds, peak) = try ResidentMemory.peak {
            try clock.measure {
                for start in stride(from: 0, to: rows, by: Self.rowsPerInsert) {
                    try Task.checkCancellation()
                    let range = start..<min(start + Self.rowsPerInsert, rows)
                    let vectors = range.map {
                        IndexRow(id: UUID(row: $0), vector: base.copy($0..<$0 + 1), attributes: attributes($0))
                    }
                    try index.upsert(vectors, in: partition)
                }
                index.maintain()
            }
        }
        self.index = index
        build = BuildFigures(
            rows: rows, workers: workers, seconds: seconds / .seconds(1), peakBytes: peak, indexBytes: index.statistics.bytes,
            vectorBytes: 4 * rows * base.dimensions)
    }

    /// The same rows with these settings only, and only those rows that the filter lets through.
    func limited(to efforts: [SearchEffort], filter: RowFilter? = nil) -> IndexContender {
        var limited = self
        limited.efforts = efforts
        limited.filter = filter ?? self.filter
        return limited
    }

    public var memoryBytes: Int { index.statistics.bytes }

    /// Recalls asked for by name, numbers of lists with three widths of the bounds and without codes, and the exact search.
    public var settings: [(parameters: [String: BenchmarkResult.Parameter], setting: SearchEffort)] {
        (efforts ?? sweep).map { ($0.parameters, $0) }
    }

    private var sweep: [SearchEffort] {
        let lists = index.statistics.lists
        let probes = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512].filter { $0 == 1 || $0 <= lists }
        let widths: [Float] = [1.5, 1.9, 2.5]
        return [0.8, 0.9, 0.95, 0.96, 0.97, 0.98, 0.985, 0.9875, 0.99, 0.995].map { .recall($0) }
            + widths.flatMap { epsilon in probes.map { .probes($0, epsilon: epsilon) } }
            + probes.filter { $0 >= 16 && $0 <= 128 }.map { .flat(probes: $0) }
            + [.exact]
    }

    public func search(_ query: [Float], k: Int, _ setting: SearchEffort) throws -> SearchResponse {
        try index.search(SearchRequest(vector: query, partitions: [partition], k: k, filter: filter, effort: setting))
    }

    public func searchBatch(_ queries: [[Float]], k: Int, threads: Int, _ setting: SearchEffort) throws -> [SearchResponse] {
        try index.searchBatch(queries, partitions: [partition], k: k, filter: filter, effort: setting, workers: threads)
    }

    public func rows(of answer: SearchResponse) -> [Int] {
        answer.hits.map { $0.id.row }
    }
}

extension SearchEffort {
    /// What names it in tables.
    fileprivate var parameters: [String: BenchmarkResult.Parameter] {
        switch self {
        case .exact: ["exact": .flag(true)]
        case .recall(let recall): ["recall": .number(recall)]
        case .flat(let probes): ["nprobe": .integer(probes), "flat": .flag(true)]
        case .probes(let probes, let epsilon): ["nprobe": .integer(probes), "epsilon": .number(Double(String(epsilon)) ?? 0)]
        }
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
