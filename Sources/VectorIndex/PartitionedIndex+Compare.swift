import RowFilters
import CVectorKernels
public import FoundationEssentials
import Glibc

/// How a row of the index differs from the row it was made of.
public enum RowDifference: Sendable {
    /// It is not there.
    case missing
    /// Another vector: a value differs by more than 1e-5 at unit length.
    case vector
    /// Other keywords or numbers. In which order keywords come, and how often, is of no account.
    case attributes
}

extension PartitionedIndex {
    /// Whether a vector has a direction: its values are finite and not all zero.
    public static func hasDirection(_ vector: [Float]) -> Bool {
        let squared = bunko_squared_norm(vector, vector.count)
        return squared.isFinite && squared > 0
    }

    /// The rows that the partition holds otherwise or not at all, by id; each vector has a direction. Holds up the partition's writers for as
    /// long as it takes: a pass over the vectors.
    public func differences(_ rows: [IndexRow], in partition: UUID) -> [UUID: RowDifference] {
        existing(partition)?.differences(rows) ?? Dictionary(rows.map { ($0.id, .missing) }) { first, _ in first }
    }
}

extension Partition {
    /// float32 values at unit length that were scaled in another order.
    private static let tolerance: Float = 1e-5

    fileprivate func differences(_ rows: [IndexRow]) -> [UUID: RowDifference] {
        writer.withLock { writer in
            let (ids, view) = idsAndView()
            read(rows: rows.count)
            let content = view.attributes?.withContent { $0 }
            var found: [UUID: RowDifference] = [:]
            withUnsafeTemporaryAllocation(of: Float.self, capacity: dimensions) { scaled in
                guard let scaled = scaled.baseAddress else { return }
                for row in rows {
                    guard let slot = ids.find(row.id, idOf: { view.table.id($0) ?? row.id }) else {
                        found[row.id] = .missing
                        continue
                    }
                    if !isSame(row.vector, view.table.vector(slot), scaled) {
                        found[row.id] = .vector
                    } else if !attributes(at: slot, content, writer).isSame(as: row.attributes) {
                        found[row.id] = .attributes
                    }
                }
            }
            return found
        }
    }

    private func isSame(_ vector: [Float], _ held: UnsafePointer<Float>, _ scaled: UnsafeMutablePointer<Float>) -> Bool {
        guard vector.count == dimensions else { return false }
        bunko_scale(vector, 1 / bunko_squared_norm(vector, dimensions).squareRoot(), scaled, dimensions)
        // As the same processor makes it, it is the same to the last bit.
        if memcmp(scaled, held, dimensions * MemoryLayout<Float>.stride) == 0 { return true }
        return (0..<dimensions).allSatisfy { abs(scaled[$0] - held[$0]) <= Self.tolerance }
    }
}

extension RowAttributes {
    fileprivate func isSame(as other: RowAttributes) -> Bool {
        numbers == other.numbers && keywords.count == other.keywords.count
            && keywords.allSatisfy { key, texts in
                other.keywords[key].map { Set($0.map { Array($0.utf8) }) == Set(texts.map { Array($0.utf8) }) } ?? false
            }
    }
}
