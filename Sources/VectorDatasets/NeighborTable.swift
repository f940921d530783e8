import Foundation

/// For each query the ids of its nearest rows, best first, and their scores where they are known.
public struct NeighborTable: Sendable, Equatable {
    /// Number of queries.
    public let queries: Int
    /// Neighbours of each.
    public let k: Int
    /// `k` row numbers for each query.
    public let ids: [Int32]
    /// As many scores; empty when they are not known.
    public let scores: [Float]

    /// A table; `ids` and, unless empty, `scores` hold queries × k values.
    public init(queries: Int, k: Int, ids: [Int32], scores: [Float]) {
        precondition(ids.count == queries * k && (scores.isEmpty || scores.count == ids.count), "k neighbours for each query")
        self.queries = queries
        self.k = k
        self.ids = ids
        self.scores = scores
    }

    /// Reads `.ibin` (u32 queries, u32 k, all i32 ids, then all f32 scores or none) or `.ivecs` (u32 k before each query's ids), and checks
    /// that every id is a row of a base of `rows` rows.
    public init(path: String, rows: Int) throws(DatasetError) {
        let file = try MappedFile(path: path)
        if path.hasSuffix(".ibin") {
            let (queries, k) = (try file.word(at: 0), try file.word(at: 4))
            let (values, overflow) = queries.multipliedReportingOverflow(by: k)
            let hasScores = !overflow && file.bytes.count > 8 && file.bytes.count - 8 != 4 * values
            try file.requireLength(header: 8, rows: queries, width: hasScores ? 2 * k : k)
            self.init(
                queries: queries, k: k, ids: file.values(at: 8, count: values),
                scores: hasScores ? file.values(at: 8 + 4 * values, count: values) : [])
            try requireRows(below: rows, in: file) { 8 + 4 * $0 }
        } else if path.hasSuffix(".ivecs") {
            let (queries, k) = try file.evenRecords()
            let ids: [Int32] = (0..<queries).flatMap { file.values(at: 4 + $0 * 4 * (k + 1), count: k) }
            self.init(queries: queries, k: k, ids: ids, scores: [])
            try requireRows(below: rows, in: file) { 4 * ($0 + $0 / k + 1) }
        } else {
            throw .unknownFormat(path: path)
        }
    }

    /// Ids of one query, best first.
    public func ids(ofQuery query: Int) -> ArraySlice<Int32> {
        ids[query * k..<(query + 1) * k]
    }

    private func requireRows(below rows: Int, in file: MappedFile, offset: (Int) -> Int) throws(DatasetError) {
        for (position, id) in ids.enumerated() where id < 0 || Int(id) >= rows {
            throw .unknownRow(path: file.path, offset: offset(position), id: Int(id), rows: rows)
        }
    }
}

extension MappedFile {
    /// A copy of values that `requireLength` found to be there.
    fileprivate func values<Value: BitwiseCopyable>(at offset: Int, count: Int) -> [Value] {
        bytes.withUnsafeBytes { bytes in
            [Value](unsafeUninitializedCapacity: count) { memory, initialized in
                UnsafeMutableRawBufferPointer(memory).copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 4 * count]))
                initialized = count
            }
        }
    }
}
