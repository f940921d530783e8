import CBLAS
import CLAPACKE

/// The directions of largest variance of a set of rows, as a projection that training and assignment work in.
final class PrincipalComponents: Sendable {
    /// Components that carry nearly all that tells lists apart; 128 lose 17 % in rows read later, 256 under 1 %.
    static let maximumCount = 256

    let dimensions: Int
    let count: Int
    /// Mean the rows are taken from.
    let mean: [Float]
    /// Row-major: `count` orthonormal rows of `dimensions` values, by descending variance.
    let basis: [Float]

    /// From `rowCount` rows of `dimensions` values, which are centred in place. The covariance costs rowCount * dimensions^2 additions and
    /// products, the eigenvectors about 4 * dimensions^3 (LAPACK `ssyevr`). Nil when LAPACK does not converge.
    init?(centring rows: UnsafeMutablePointer<Float>, rowCount: Int, dimensions: Int, mean: [Float]) {
        let wanted = min(Self.maximumCount, dimensions)
        self.dimensions = dimensions
        self.mean = mean
        count = wanted
        for row in 0..<rowCount {
            let values = rows + row * dimensions
            for position in 0..<dimensions { values[position] -= mean[position] }
        }
        var covariance = [Float](repeating: 0, count: dimensions * dimensions)
        let n = Int32(dimensions)
        cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, n, Int32(rowCount), 1 / Float(max(1, rowCount)), rows, n, 0, &covariance, n)
        var found: Int32 = 0
        var values = [Float](repeating: 0, count: dimensions)
        var vectors = [Float](repeating: 0, count: dimensions * wanted)
        var support = [Int32](repeating: 0, count: 2 * wanted)
        let status = LAPACKE_ssyevr(
            LAPACK_ROW_MAJOR, 0x56 /* V */, 0x49 /* I */, 0x55 /* U */, n, &covariance, n, 0, 0, n - Int32(wanted) + 1, n, 0, &found,
            &values, &vectors, Int32(wanted), &support)
        guard status == 0, Int(found) == wanted else { return nil }
        // LAPACK gives ascending eigenvalues, a column for each.
        basis = [Float](unsafeUninitializedCapacity: wanted * dimensions) { buffer, count in
            for component in 0..<wanted {
                for position in 0..<dimensions {
                    buffer[component * dimensions + position] = vectors[position * wanted + wanted - 1 - component]
                }
            }
            count = wanted * dimensions
        }
    }

    init(dimensions: Int, mean: [Float], basis: [Float]) {
        self.dimensions = dimensions
        self.mean = mean
        self.basis = basis
        count = basis.count / dimensions
    }

    var bytes: Int { 4 * (mean.count + basis.count) }

    /// Projects rows minus the mean and makes them unit length: `rowCount` rows of `count` values. A row that is the mean becomes zero.
    /// `rows` is overwritten with the centred rows.
    func project(_ rows: UnsafeMutablePointer<Float>, rowCount: Int, into target: UnsafeMutablePointer<Float>) {
        for row in 0..<rowCount {
            let values = rows + row * dimensions
            for position in 0..<dimensions { values[position] -= mean[position] }
        }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rowCount), Int32(count), Int32(dimensions), 1, rows, Int32(dimensions), basis,
            Int32(dimensions), 0, target, Int32(count))
        for row in 0..<rowCount {
            let values = target + row * count
            var squared: Float = 0
            for position in 0..<count { squared += values[position] * values[position] }
            let factor = squared > 0 ? 1 / squared.squareRoot() : 0
            for position in 0..<count { values[position] *= factor }
        }
    }
}
