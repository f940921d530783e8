/// Rows of a sparse matrix in compressed form, filled row by row.
struct SparseRows {
    private(set) var columns: [Int32] = []
    private(set) var values: [Float] = []
    /// Where each finished row ends.
    private(set) var ends: [Int] = []

    /// Adds a component to the row being filled; a column may occur more than once and then counts as the sum.
    mutating func append(_ column: Int, _ value: Float) {
        columns.append(Int32(truncatingIfNeeded: column))
        values.append(value)
    }

    /// Finishes the row being filled.
    mutating func endRow() {
        ends.append(columns.count)
    }

    /// Removes all rows and keeps the memory.
    mutating func removeAll() {
        columns.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    /// `result += transpose(self) * weights`: the sum of the rows, each times its weight.
    func addCombination(_ weights: [Float], to result: inout [Float]) {
        var start = 0
        for (row, end) in ends.enumerated() {
            let weight = weights[row]
            for index in start..<end { result[Int(columns[index])] += weight * values[index] }
            start = end
        }
    }

    /// `result = self * vector`: the inner product of each row with `vector`.
    func multiply(_ vector: [Float], into result: inout [Float]) {
        var start = 0
        for (row, end) in ends.enumerated() {
            var sum: Float = 0
            for index in start..<end { sum += values[index] * vector[Int(columns[index])] }
            result[row] = sum
            start = end
        }
    }
}
