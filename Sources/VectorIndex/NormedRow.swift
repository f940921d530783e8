import CVectorKernels
import FoundationEssentials

/// A row that passed validation, with its Euclidean norm.
struct NormedRow {
    let row: IndexRow
    let norm: Double
}

/// Euclidean norm of a vector that has the right number of values, all finite and not all zero; else the error that says what is wrong.
func validatedNorm(_ vector: [Float], of subject: VectorIndexError.Subject, dimensions: Int) throws(VectorIndexError) -> Double {
    guard vector.count == dimensions else {
        throw .wrongDimensions(subject, expected: dimensions, found: vector.count)
    }
    let squared = bunko_squared_norm(vector, vector.count)
    guard squared.isFinite else {
        throw .notFinite(subject, position: vector.firstIndex { !$0.isFinite } ?? 0)
    }
    guard squared > 0 else { throw .zeroVector(subject) }
    return squared.squareRoot()
}
