import CLAPACKE
import CSyntheticVectors
import Glibc

/// The 224-dimensional space where all structure lies, and its random orthonormal place among the dimensions of a row.
struct LatentSpace: Sendable {
    static let rank = 224

    let dimensions: Int
    /// Standard deviation of each latent axis: variances fall as j^-0.6 and add up to 1.
    private let deviations: [Float]
    /// The basis as `bunko_add_images` takes it.
    private let panels: [Float]

    init(dimensions: Int, seed: UInt64) throws(DatasetError) {
        self.dimensions = dimensions
        let variances = (1...Self.rank).map { pow(Double($0), -0.6) }
        let total = variances.reduce(0, +)
        deviations = variances.map { Float(($0 / total).squareRoot()) }
        let basis = try Self.orthonormalBasis(dimensions: dimensions, seed: seed)
        panels = [Float](unsafeUninitializedCapacity: basis.count) { memory, count in
            guard let start = memory.baseAddress else { return }
            bunko_pack_basis(basis, Self.rank, dimensions, start)
            count = basis.count
        }
    }

    /// A normal draw with the axes' variances, times `weight`, added to `latent`.
    func addSample(seed: UInt64, _ purpose: DrawPurpose, position: Int, weight: Float, to latent: UnsafeMutablePointer<Float>) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.rank) { draw in
            guard let start = draw.baseAddress else { return }
            bunko_normal_values(seed, purpose.rawValue, UInt64(position), weight, start, Self.rank)
            for axis in 0..<Self.rank { latent[axis] += deviations[axis] * start[axis] }
        }
    }

    /// Adds the images of `count` latent vectors to as many rows.
    func addImages(of latents: UnsafePointer<Float>, to rows: UnsafeMutablePointer<Float>, count: Int) {
        bunko_add_images(panels, Self.rank, dimensions, latents, rows, count)
    }

    /// `rank` orthonormal vectors one after the other: the Q of the QR decomposition of a normal matrix whose R has a positive diagonal.
    ///
    /// Libraries differ in the last bits of Q. Rounding to multiples of 2^-22 leaves the basis orthonormal to 1e-7 and makes it the same
    /// with all of them, but for one seed in about a thousand.
    private static func orthonormalBasis(dimensions: Int, seed: UInt64) throws(DatasetError) -> [Float] {
        var draws = [Float](repeating: 0, count: rank * dimensions)
        bunko_normal_values(seed, DrawPurpose.basis.rawValue, 0, 1, &draws, draws.count)
        var columns = draws.map { Double($0) }
        var factors = [Double](repeating: 0, count: rank)
        let (height, width) = (Int32(dimensions), Int32(rank))
        var status = LAPACKE_dgeqrf(LAPACK_COL_MAJOR, height, width, &columns, height, &factors)
        let signs = (0..<rank).map { columns[$0 * dimensions + $0] < 0 ? -1.0 : 1.0 }
        if status == 0 { status = LAPACKE_dorgqr(LAPACK_COL_MAJOR, height, width, width, &columns, height, &factors) }
        guard status == 0 else { throw .linearAlgebra("QR decomposition of the basis", status: Int(status)) }
        return columns.indices.map { Float((columns[$0] * signs[$0 / dimensions] * 0x1p22).rounded() * 0x1p-22) }
    }
}
