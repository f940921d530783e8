import Glibc

/// The 224-dimensional space where all structure lies, and its random orthonormal place among 1536 dimensions.
struct LatentSpace: Sendable {
    static let rank = 224

    /// Standard deviation of each latent axis: variances fall as j^-0.6 and add up to 1.
    let deviations: [Float]
    /// 224 orthonormal vectors of `dimensions` values each.
    let basis: [Float]
    let dimensions: Int

    init(dimensions: Int, seed: UInt64) {
        precondition(dimensions >= Self.rank, "the latent space has \(Self.rank) dimensions")
        self.dimensions = dimensions
        let variances = (1...Self.rank).map { pow(Double($0), -0.6) }
        let total = variances.reduce(0, +)
        deviations = variances.map { Float(($0 / total).squareRoot()) }
        basis = Self.orthonormal(dimensions: dimensions, seed: seed)
    }

    /// A normal draw with the axes' variances.
    func sample(_ generator: inout NormalGenerator) -> [Float] {
        deviations.map { Float(generator.normal()) * $0 }
    }

    /// Adds the latent vector's image to `row`.
    func embed(_ latent: [Float], into row: UnsafeMutableBufferPointer<Float>) {
        basis.withUnsafeBufferPointer { basis in
            for axis in 0..<Self.rank {
                let weight = latent[axis]
                let direction = UnsafeBufferPointer(rebasing: basis[axis * dimensions..<(axis + 1) * dimensions])
                for position in 0..<dimensions { row[position] += weight * direction[position] }
            }
        }
    }

    /// Gram and Schmidt on normal vectors, each projected twice, which keeps them orthogonal to rounding.
    private static func orthonormal(dimensions: Int, seed: UInt64) -> [Float] {
        var generator = NormalGenerator(seed: seed, purpose: .basis)
        var vectors: [[Double]] = []
        for _ in 0..<rank {
            var vector = (0..<dimensions).map { _ in generator.normal() }
            for other in vectors + vectors {
                let share = dot(vector, other)
                for position in 0..<dimensions { vector[position] -= share * other[position] }
            }
            let norm = dot(vector, vector).squareRoot()
            vectors.append(vector.map { $0 / norm })
        }
        return vectors.flatMap { $0.map { Float($0) } }
    }

    private static func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for position in a.indices { sum += a[position] * b[position] }
        return sum
    }
}
