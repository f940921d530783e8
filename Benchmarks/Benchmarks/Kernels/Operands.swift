import CVectorKernels

/// What the kernels work on: one query, eight quads of codes, and rows that no cache holds.
final class Operands {
    /// Rows that a re-rank scores.
    static let candidates = 32
    private static let chunkRows = 8192
    private static let shift: UInt32 = 13
    private static let rounds = 4

    let width = 1536
    let query: UnsafeMutablePointer<Float>
    let rotated: UnsafeMutablePointer<Float>
    let rows: UnsafeMutablePointer<Float>
    let values: UnsafeMutablePointer<Int8>
    let tables: UnsafeMutablePointer<UInt8>
    let planes: UnsafeMutablePointer<UInt8>
    let wide: UnsafeMutablePointer<UInt8>
    let block: UnsafeMutablePointer<UInt8>
    let sums: UnsafeMutablePointer<Int32>
    let quads: [UnsafePointer<UInt8>?]
    var rotation: bunko_rotation
    var quantized: bunko_quantized_query
    private let signs: UnsafeMutablePointer<UInt32>
    private let codes: UnsafeMutablePointer<UInt8>
    private let heaps: UnsafeMutablePointer<Float>
    private let nominated: UnsafeMutablePointer<bunko_candidate>
    private let scored: UnsafeMutablePointer<bunko_scored>

    init() {
        var generator = SystemRandomNumberGenerator()
        func memory<Value>(_ count: Int, _ value: () -> Value) -> UnsafeMutablePointer<Value> {
            let bytes = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Value>.stride, alignment: 64)
            let values = bytes.bindMemory(to: Value.self, capacity: count)
            for position in 0..<count { (values + position).initialize(to: value()) }
            return values
        }
        query = memory(width) { Float.random(in: -1...1, using: &generator) }
        rotated = memory(width) { Float.random(in: -1...1, using: &generator) }
        // All rows have the same values: what they are is of no account, that they lie in memory is.
        rows = memory(Self.chunkRows * width) { 0.025 }
        values = memory(width) { 0 }
        tables = memory(4 * width) { 0 }
        planes = memory(5 * width / 2) { 0 }
        wide = memory((width / 8 + 2) / 3 * 256) { 0 }
        block = memory(4 * width) { 0 }
        sums = memory(64) { 0 }
        signs = memory(Self.rounds * width) { UInt32.random(in: 0...1, using: &generator) << 31 }
        codes = memory(8 * width / 2) { UInt8.random(in: 0...255, using: &generator) }
        heaps = memory(20) { 0 }
        nominated = memory(Self.candidates) { bunko_candidate(upper: 2, slot: 0, partition: 0) }
        scored = memory(Self.candidates) { bunko_scored(score: 0, slot: 0, partition: 0) }
        let codes = codes
        quads = (0..<8).map { [width] in UnsafePointer(codes + $0 * width / 2) }
        rotation = bunko_rotation(width: width, rounds: Self.rounds, signs: signs)
        quantized = bunko_quantize(query, width, values, tables, planes)
        bunko_widen_tables(&quantized, wide)
        bunko_transpose(quads, 8, width, block)
    }

    deinit {
        for memory in [query, rotated, rows, heaps] { memory.deallocate() }
        for memory in [tables, planes, wide, block, codes] { memory.deallocate() }
        values.deallocate()
        sums.deallocate()
        signs.deallocate()
        nominated.deallocate()
        scored.deallocate()
    }

    /// A row that lies far from the one before it.
    func row(_ number: Int) -> UnsafePointer<Float> {
        UnsafePointer(rows + slot(number) * width)
    }

    private func slot(_ number: Int) -> Int { number * 2_654_435_761 % Self.chunkRows }

    /// Scores all candidates: every one of their bounds allows it.
    func rerank() {
        for number in 0..<Self.candidates { nominated[number] = bunko_candidate(upper: 2, slot: UInt32(slot(number)), partition: 0) }
        var collector = bunko_collector(
            candidates: nominated, count: Self.candidates, capacity: Self.candidates, k: 10, lower: heaps, exact: heaps + 10,
            lower_count: 0, exact_count: 0, threshold: -.infinity)
        withUnsafePointer(to: UnsafePointer(rows) as UnsafePointer<Float>?) { chunks in
            var vectors = bunko_vectors(chunks: chunks)
            _ = bunko_rerank(&collector, query, width, &vectors, Self.shift, Self.candidates, scored)
        }
    }
}
