/// Which character stands between the values of a text of delimited values.
enum Delimiter {
    private static let sampleLength = 64 << 10
    private static let sampleRows = 50

    /// The delimiter that divides the first rows most evenly; the first of `preferred` where nothing divides them.
    /// - Parameter preferred: the characters to try; earlier ones win where two divide alike.
    static func find(in bytes: UnsafeBufferPointer<UInt8>, preferred: [UInt8]) -> UInt8 {
        let sample = UnsafeBufferPointer(rebasing: bytes.prefix(sampleLength))
        var best = (delimiter: preferred[0], evenness: 0.0)
        for delimiter in preferred {
            let evenness = evenness(of: sample, delimiter: delimiter)
            if evenness > best.evenness + 0.001 { best = (delimiter, evenness) }
        }
        return best.delimiter
    }

    /// The share of rows with the most frequent number of values, 0 where that is one; a little more for more values.
    private static func evenness(of sample: UnsafeBufferPointer<UInt8>, delimiter: UInt8) -> Double {
        var text = DelimitedText(sample, delimiter: delimiter)
        var rowsByWidth: [Int: Int] = [:]
        var rows = 0
        while rows < sampleRows, let row = text.nextRow() {
            guard row.contains(where: { !$0.isEmpty }) else { continue }
            rowsByWidth[row.count, default: 0] += 1
            rows += 1
        }
        guard let (width, count) = rowsByWidth.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), width > 1 else { return 0 }
        return Double(count) / Double(rows) + 0.01 * Double(min(width, 10))
    }
}
