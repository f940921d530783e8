import CBLAS
import CLAPACKE
import CSyntheticVectors
import Crypto
import Foundation

/// What a set of vectors is like, as far as it matters to an index. Distances are 1 - cosine.
public struct DatasetStatistics: Sendable, Equatable, Encodable {
    /// Least, mean and greatest of some values.
    public struct Spread: Sendable, Equatable, Encodable {
        public var min: Double
        public var mean: Double
        public var max: Double
    }

    /// Tenth, fiftieth and ninetieth percentile.
    public struct Percentiles: Sendable, Equatable, Encodable {
        public var p10: Double
        public var p50: Double
        public var p90: Double
    }

    /// How many directions the rows spread in, from the principal components of a sample.
    public struct Components: Sendable, Equatable, Encodable {
        /// Rows the components were computed from.
        public var sample: Int
        /// (Σλ)² / Σλ²: the number of equal directions that would be as uneven.
        public var participation: Double
        /// Components that carry 90 % of the variance.
        public var dimensions90: Int
        /// Components that carry 95 % of the variance.
        public var dimensions95: Int

        enum CodingKeys: String, CodingKey {
            case sample, participation
            case dimensions90 = "dimensions_90"
            case dimensions95 = "dimensions_95"
        }
    }

    public var rows: Int
    public var dimensions: Int
    /// Queries and their exact neighbours; 0 when the folder has none.
    public var queries = 0
    public var k = 0
    /// Euclidean norms of all rows.
    public var norms: Spread
    /// Mean cosine of all pairs of different rows.
    public var meanCosine: Double
    /// Relative contrast: the mean distance of a query from all rows over that from its tenth neighbour.
    public var rc10: Percentiles?
    /// Local intrinsic dimension around a query, the maximum-likelihood estimate from its hundred nearest rows.
    public var lid100: Percentiles?
    public var components: Components
    /// SHA-256 of the base's file.
    public var sha256: String
    /// Whether that is the one in the manifest; nil without a manifest.
    public var matchesManifest: Bool?

    enum CodingKeys: String, CodingKey {
        case rows, dimensions, queries, k, norms
        case meanCosine = "mean_cosine"
        case rc10, lid100, components
        case sha256
        case matchesManifest = "matches_manifest"
    }
}

extension DatasetFolder {
    /// Reads the whole base once and looks at its queries and neighbours when it has them.
    /// - Throws: `DatasetError`; `notFinite` for the first NaN or infinite value.
    public func statistics(threads: Int) async throws -> DatasetStatistics {
        let base = try base()
        guard base.rows > 0 else { throw DatasetError.emptySet }
        let pass = try await BasePass.run(base, threads: threads)
        var statistics = DatasetStatistics(
            rows: base.rows, dimensions: base.dimensions, norms: pass.norms, meanCosine: pass.meanCosine,
            components: try DatasetStatistics.Components(base), sha256: base.sha256)
        if let manifest = try manifest() { statistics.matchesManifest = manifest.baseSHA256 == statistics.sha256 }
        guard let queries = try optional({ () throws(DatasetError) in try self.queries(for: base) }) else { return statistics }
        statistics.queries = queries.rows
        guard let truth = try optional({ () throws(DatasetError) in try self.truth(base: base, queries: queries) }) else {
            return statistics
        }
        statistics.k = truth.k
        let distances = (0..<queries.rows).map { QueryDistances($0, queries, base, truth, mean: pass.meanDirection) }
        statistics.rc10 = DatasetStatistics.Percentiles(distances.compactMap(\.relativeContrast10))
        statistics.lid100 = DatasetStatistics.Percentiles(distances.compactMap(\.localDimension100))
        return statistics
    }

    /// Nil for a file that is not there.
    private func optional<R>(_ open: () throws(DatasetError) -> R) throws -> R? {
        do {
            return try open()
        } catch .unreadable(let path, _) where !FileManager.default.fileExists(atPath: path) {
            return nil
        }
    }
}

/// Sums over all rows of a base.
private struct BasePass: Sendable {
    private var rows = 0
    private var least = Double.infinity
    private var greatest = 0.0
    private var sumOfNorms = 0.0
    private var directions: [Double]
    /// Rows that have a direction.
    private var directed = 0

    static func run(_ base: VectorMatrix, threads: Int) async throws -> BasePass {
        var whole = BasePass(dimensions: base.dimensions)
        for part in try await onShares(of: 0..<base.rows, threads, { try BasePass(base, $0) }) { whole.add(part) }
        return whole
    }

    private init(dimensions: Int) {
        directions = [Double](repeating: 0, count: dimensions)
    }

    private init(_ base: VectorMatrix, _ range: Range<Int>) throws {
        self.init(dimensions: base.dimensions)
        for row in range {
            if row.isMultiple(of: 4096) { try Task.checkCancellation() }
            try base.withValues {
                try take(UnsafeBufferPointer(rebasing: $0[row * base.stride..<row * base.stride + base.dimensions]), row, base)
            }
        }
    }

    private mutating func take(_ row: UnsafeBufferPointer<Float>, _ number: Int, _ base: VectorMatrix) throws {
        let norm = bunko_exact_dot(row.baseAddress, row.baseAddress, row.count).squareRoot()
        guard norm.isFinite else {
            let position = row.firstIndex { !$0.isFinite } ?? 0
            throw DatasetError.notFinite(path: base.path, offset: base.offset(ofRow: number) + 4 * position)
        }
        rows += 1
        least = min(least, norm)
        greatest = max(greatest, norm)
        sumOfNorms += norm
        guard norm > 0 else { return }
        directed += 1
        directions.withUnsafeMutableBufferPointer { sums in
            for axis in row.indices { sums[axis] += Double(row[axis]) / norm }
        }
    }

    private mutating func add(_ other: BasePass) {
        rows += other.rows
        least = min(least, other.least)
        greatest = max(greatest, other.greatest)
        sumOfNorms += other.sumOfNorms
        directed += other.directed
        for axis in directions.indices { directions[axis] += other.directions[axis] }
    }

    var norms: DatasetStatistics.Spread { .init(min: least, mean: sumOfNorms / Double(max(rows, 1)), max: greatest) }

    var meanDirection: [Double] { directions.map { $0 / Double(max(directed, 1)) } }

    /// Of all pairs of different rows: the square of the sum has each pair twice, and each row with itself.
    var meanCosine: Double {
        let count = Double(directed)
        guard count > 1 else { return 1 }
        return (directions.reduce(0) { $0 + $1 * $1 } - count) / (count * (count - 1))
    }
}

/// Distances of one query's exact neighbours, nearest first.
private struct QueryDistances {
    private let distances: [Double]
    private let meanDistance: Double

    init(_ query: Int, _ queries: VectorMatrix, _ base: VectorMatrix, _ truth: NeighborTable, mean: [Double]) {
        (distances, meanDistance) = queries.withValues { queryValues in
            base.withValues { baseValues in
                let vector = queryValues.baseAddress.map { $0 + query * queries.stride }
                let norm = bunko_exact_dot(vector, vector, base.dimensions).squareRoot()
                let distances = truth.ids(ofQuery: query).prefix(100).map { id in
                    let row = baseValues.baseAddress.map { $0 + Int(id) * base.stride }
                    let product = bunko_exact_dot(vector, row, base.dimensions)
                    return 1 - product / (norm * bunko_exact_dot(row, row, base.dimensions).squareRoot())
                }
                let start = query * queries.stride
                let toMean = mean.indices.reduce(0) { $0 + mean[$1] * Double(queryValues[start + $1]) } / norm
                return (distances, 1 - toMean)
            }
        }
    }

    var relativeContrast10: Double? {
        distances.count >= 10 && distances[9] > 1e-7 ? meanDistance / distances[9] : nil
    }

    /// Levina and Bickel's estimate; nil where duplicates leave no distances to compare.
    var localDimension100: Double? {
        guard distances.count == 100, distances[99] > 1e-7 else { return nil }
        let logarithms = distances.dropLast().filter { $0 > 1e-7 }.map { log($0 / distances[99]) }
        let sum = logarithms.reduce(0, +)
        return sum < 0 ? -Double(logarithms.count) / sum : nil
    }
}

extension DatasetStatistics.Percentiles {
    /// By nearest rank; nil of no values.
    fileprivate init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        func rank(_ share: Double) -> Double { sorted[Int((share * Double(sorted.count - 1)).rounded())] }
        self.init(p10: rank(0.1), p50: rank(0.5), p90: rank(0.9))
    }
}

extension DatasetStatistics.Components {
    private static let sampleRows = 20_000
    private static let rowsPerBlock = 1000

    /// Eigenvalues of the covariance of rows taken at even distances.
    fileprivate init(_ base: VectorMatrix) throws(DatasetError) {
        let count = min(base.rows, Self.sampleRows)
        let rows = (0..<count).map { $0 * base.rows / count }
        let width = base.dimensions
        var sums = [Double](repeating: 0, count: width)
        var products = [Double](repeating: 0, count: width * width)
        for start in stride(from: 0, to: count, by: Self.rowsPerBlock) {
            let block = rows[start..<min(start + Self.rowsPerBlock, count)]
            let values = block.flatMap { base.copy($0..<$0 + 1) }.map { Double($0) }
            for position in values.indices { sums[position % width] += values[position] }
            cblas_dsyrk(
                CblasColMajor, CblasUpper, CblasNoTrans, Int32(width), Int32(block.count), 1, values, Int32(width), 1, &products,
                Int32(width))
        }
        for column in 0..<width {
            for row in 0...column {
                let position = column * width + row
                products[position] = products[position] / Double(count) - sums[row] / Double(count) * (sums[column] / Double(count))
            }
        }
        var eigenvalues = [Double](repeating: 0, count: width)
        let status = LAPACKE_dsyevd(
            LAPACK_COL_MAJOR, CChar(UInt8(ascii: "N")), CChar(UInt8(ascii: "U")), Int32(width), &products, Int32(width), &eigenvalues)
        guard status == 0 else { throw .linearAlgebra("eigenvalues of the covariance", status: Int(status)) }
        self.init(sample: count, ascending: eigenvalues.map { max(0, $0) })
    }

    private init(sample: Int, ascending eigenvalues: [Double]) {
        let total = eigenvalues.reduce(0, +)
        let squares = eigenvalues.reduce(0) { $0 + $1 * $1 }
        func components(carrying share: Double) -> Int {
            var rest = share * total
            return eigenvalues.reversed().prefix { value in
                defer { rest -= value }
                return rest > 0
            }.count
        }
        self.init(
            sample: sample, participation: squares > 0 ? total * total / squares : 0, dimensions90: components(carrying: 0.9),
            dimensions95: components(carrying: 0.95))
    }
}

extension VectorMatrix {
    /// SHA-256 of the file in hexadecimal.
    public var sha256: String {
        var hash = SHA256()
        withFile { hash.update(bufferPointer: $0) }
        return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }
}
