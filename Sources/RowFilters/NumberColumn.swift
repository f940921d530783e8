import CVectorKernels

/// The numbers under one key by slot. A segment covers the slots of one chunk that has any; its extremes spare looking at the numbers where
/// all or none are wanted, as with times of rows that were inserted in their order.
package struct NumberColumn {
    package struct Segment {
        package let chunk: Int
        /// NaN where a row has no number; rows beyond the end have none either.
        package fileprivate(set) var values: [Double] = []
        var lowest = Double.infinity
        var highest = -Double.infinity
        var hasGaps = false
    }

    /// By ascending chunk.
    package private(set) var segments: [Segment] = []

    /// Sets the number of a slot, higher than any before.
    package mutating func append(_ number: Double, at slot: Slot) {
        if segments.last?.chunk != slot.chunk { segments.append(Segment(chunk: slot.chunk)) }
        segments[segments.count - 1].append(number, at: slot.row)
    }

    package func value(at slot: Slot) -> Double? {
        var (low, high) = (0, segments.count)
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].chunk < slot.chunk { low = middle + 1 } else { high = middle }
        }
        guard low < segments.count, segments[low].chunk == slot.chunk, slot.row < segments[low].values.count else { return nil }
        let value = segments[low].values[slot.row]
        return value.isNaN ? nil : value
    }

    /// Adds the slots with numbers in the range to `rows`, as far as they lie in its capacity.
    package func mark(_ range: ClosedRange<Double>, in rows: inout Bitmap) {
        let capacity = rows.capacity
        rows.withWords { words in
            for segment in segments {
                guard segment.lowest <= range.upperBound, segment.highest >= range.lowerBound else { continue }
                let first = segment.chunk << Slot.rowBits
                let count = min(segment.values.count, capacity - first)
                guard count > 0 else { continue }
                let isInside = segment.lowest >= range.lowerBound && segment.highest <= range.upperBound
                if isInside, !segment.hasGaps {
                    bunko_set_bits(words + first / 64, count)
                } else {
                    bunko_mark_range(segment.values, count, range.lowerBound, range.upperBound, words + first / 64)
                }
            }
        }
    }

    package var bytes: Int {
        segments.reduce(0) { $0 + $1.values.capacity * MemoryLayout<Double>.stride + MemoryLayout<Segment>.stride }
    }
}

extension NumberColumn.Segment {
    fileprivate mutating func append(_ number: Double, at row: Int) {
        if values.count < row {
            hasGaps = true
            values.append(contentsOf: repeatElement(.nan, count: row - values.count))
        }
        values.append(number)
        lowest = min(lowest, number)
        highest = max(highest, number)
    }
}
