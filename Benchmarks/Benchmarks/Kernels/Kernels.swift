import Benchmark
import CVectorKernels

// Each kernel as the processor's dispatch chooses it, against scalar versions on the same data in the same moment. The metric is its time in
// thousandths of theirs: times depend on the machine and on what else runs there, ratios hold wherever the instructions are.
let benchmarks: @Sendable () -> Void = {
    let ratio = BenchmarkMetric.custom("perMilleOfScalar", polarity: .prefersSmaller, useScalingFactor: false)
    // The files in Thresholds hold what was measured with AVX2. Up to twice as much is accepted, which a busy machine stays under and a
    // version that is not dispatched does not; a processor with more than AVX2 is simply faster.
    Benchmark.defaultConfiguration = .init(
        metrics: [ratio], warmupIterations: 2, maxDuration: .seconds(2), maxIterations: 50)

    /// `calls` of each in a row, enough for the clock; accepted is so many percent more than the threshold.
    func compare(
        _ name: String, calls: Int = 50, tolerance: Double = 100, _ kernel: @escaping @Sendable (Operands) -> Void,
        scalar: @escaping @Sendable (Operands) -> Void
    ) {
        var configuration = Benchmark.defaultConfiguration
        configuration.thresholds = [ratio: .init(relative: [.p90: tolerance])]
        Benchmark(name, configuration: configuration) { benchmark in
            let operands = Operands()
            let fast = fastest(calls) { kernel(operands) }
            let slow = fastest(calls) { scalar(operands) }
            benchmark.measurement(ratio, Int((1000 * fast / slow).rounded()))
        }
    }

    compare("dot-product") {
        blackHole(bunko_dot($0.query, $0.rows, $0.width))
    } scalar: {
        blackHole(bunko_dot_scalar($0.query, $0.rows, $0.width))
    }
    // The compiler makes vectors of the scalar version as well.
    compare("rotate", tolerance: 45) {
        bunko_rotate(&$0.rotation, $0.rotated)
    } scalar: {
        bunko_rotate_scalar(&$0.rotation, $0.rotated)
    }
    compare("quantise") {
        blackHole(bunko_quantize($0.query, $0.width, $0.values, $0.tables, $0.planes))
    } scalar: {
        blackHole(bunko_quantize_scalar($0.query, $0.width, $0.values, $0.tables, $0.planes))
    }
    compare("quad-sums") {
        bunko_quad_sums(&$0.quantized, $0.quads, 8, nil, $0.sums)
    } scalar: {
        bunko_quad_sums_scalar(&$0.quantized, $0.quads, 8, nil, $0.sums)
    }
    compare("transpose") {
        bunko_transpose($0.quads, 8, $0.width, $0.block)
    } scalar: {
        bunko_transpose_scalar($0.quads, 8, $0.width, $0.block)
    }
    compare("block-sums") {
        bunko_block_sums(&$0.quantized, $0.block, nil, $0.sums)
    } scalar: {
        bunko_block_sums_scalar(&$0.quantized, $0.block, nil, $0.sums)
    }
    compare("block-pair-sums") {
        bunko_block_pair_sums(&$0.quantized, $0.block, $0.block, nil, $0.sums)
    } scalar: {
        bunko_block_sums_scalar(&$0.quantized, $0.block, nil, $0.sums)
        bunko_block_sums_scalar(&$0.quantized, $0.block, nil, $0.sums + 32)
    }
    compare("re-rank", calls: 5) {
        $0.rerank()
    } scalar: { operands in
        for row in 0..<Operands.candidates {
            blackHole(bunko_dot_scalar(operands.query, operands.row(row), operands.width))
        }
    }
}

/// The least seconds of a few rounds of calls: what interrupts a round is not its own.
private func fastest(_ calls: Int, _ call: () -> Void) -> Double {
    (0..<5).map { _ in
        ContinuousClock().measure { for _ in 0..<calls { call() } } / .seconds(1)
    }.min() ?? 0
}
