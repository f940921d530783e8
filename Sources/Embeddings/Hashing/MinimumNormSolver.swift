/// Finds the shortest vector with given inner products with given directions.
struct MinimumNormSolver {
    /// Steps of conjugate gradients: enough, as directions are sparse and nearly orthogonal; fewer than the terms of long texts, which then
    /// get an approximation.
    private static let steps = 3
    /// A little Tikhonov regularisation keeps texts with more terms than dimensions from growing long vectors.
    private static let ridge: Float = 0.1

    private var coefficients: [Float] = []
    private var residual: [Float] = []
    private var search: [Float] = []
    private var product: [Float] = []
    private var image: [Float] = []

    /// Adds to `vector`, which must be zero, the combination of the `directions` that solves `(D Dᵀ + ridge) c = targets`.
    mutating func solve(_ directions: SparseRows, targets: [Float], into vector: inout [Float]) {
        coefficients = [Float](repeating: 0, count: targets.count)
        product = coefficients
        residual = targets
        search = targets
        var energy = Self.dot(residual, residual)
        let negligible = energy * 1e-6
        for _ in 0..<Self.steps where energy > negligible {
            image = [Float](repeating: 0, count: vector.count)
            directions.addCombination(search, to: &image)
            directions.multiply(image, into: &product)
            for index in product.indices { product[index] += Self.ridge * search[index] }
            let step = energy / Self.dot(search, product)
            for index in residual.indices {
                coefficients[index] += step * search[index]
                residual[index] -= step * product[index]
            }
            let newEnergy = Self.dot(residual, residual)
            for index in search.indices { search[index] = residual[index] + newEnergy / energy * search[index] }
            energy = newEnergy
        }
        directions.addCombination(coefficients, to: &vector)
    }

    private static func dot(_ left: [Float], _ right: [Float]) -> Float {
        var sum: Float = 0
        for index in left.indices { sum += left[index] * right[index] }
        return sum
    }
}
