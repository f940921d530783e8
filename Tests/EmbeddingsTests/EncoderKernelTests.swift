import CVectorKernels
import Foundation
import Testing

/// The encoder's kernels beside the C library's functions in 64-bit numbers, in each version this processor runs.
@Suite struct EncoderKernelTests {
    struct Version: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let gelu: @Sendable (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int, Int) -> Void
        let norm:
            @Sendable (
                UnsafeMutablePointer<Float>, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>, UnsafePointer<Float>, Int,
                Int
            ) -> Void
        let softmax: @Sendable (UnsafeMutablePointer<Float>, Int, Int) -> Void
    }

    static let epsilon: Float = 1e-12

    static let versions: [Version] = {
        var versions = [
            Version(
                testDescription: "portable", gelu: { bunko_bias_gelu_portable($0, $1, $2, $3) },
                norm: { bunko_layer_norm_portable($0, $1, $2, $3, $4, epsilon, $5, $6) }, softmax: { bunko_softmax_portable($0, $1, $2) }),
            Version(
                testDescription: "chosen", gelu: { bunko_bias_gelu($0, $1, $2, $3) },
                norm: { bunko_layer_norm($0, $1, $2, $3, $4, epsilon, $5, $6) }, softmax: { bunko_softmax($0, $1, $2) }),
        ]
        #if arch(x86_64)
            if bunko_cpu_has_avx2() {
                versions.append(
                    Version(
                        testDescription: "AVX2", gelu: { bunko_bias_gelu_avx2($0, $1, $2, $3) },
                        norm: { bunko_layer_norm_avx2($0, $1, $2, $3, $4, epsilon, $5, $6) }, softmax: { bunko_softmax_avx2($0, $1, $2) }))
            }
            if bunko_cpu_has_avx512() {
                versions.append(
                    Version(
                        testDescription: "AVX-512", gelu: { bunko_bias_gelu_avx512($0, $1, $2, $3) },
                        norm: { bunko_layer_norm_avx512($0, $1, $2, $3, $4, epsilon, $5, $6) },
                        softmax: { bunko_softmax_avx512($0, $1, $2) }))
            }
        #endif
        return versions
    }()

    static let widths = [1, 7, 16, 33, 384]

    private func numbers(_ count: Int, in range: ClosedRange<Float>, seed: UInt64) -> [Float] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return range.lowerBound + (range.upperBound - range.lowerBound) * Float(state >> 40) / Float(1 << 24)
        }
    }

    @Test(arguments: versions, widths)
    func geluIsThatOfTheErrorFunction(version: Version, width: Int) {
        let rows = 3
        let x = numbers(rows * width, in: -12...12, seed: 1)
        let bias = numbers(width, in: -1...1, seed: 2)
        var result = x
        version.gelu(&result, bias, rows, width)
        for index in x.indices {
            let value = Double(x[index] + bias[index % width])
            let exact = value * 0.5 * (1 + erf(value / 2.0.squareRoot()))
            #expect(abs(Double(result[index]) - exact) < 3e-7 * max(1, abs(value)), "\(value)")
        }
    }

    @Test(arguments: versions, widths)
    func softmaxAddsUpToOne(version: Version, width: Int) {
        let rows = 4
        // Differences up to 200, whose exponentials a float cannot hold.
        let x = numbers(rows * width, in: -100...100, seed: 3)
        var result = x
        version.softmax(&result, rows, width)
        for row in 0..<rows {
            let values = x[row * width..<(row + 1) * width].map(Double.init)
            let top = values.max() ?? 0
            let total = values.reduce(0) { $0 + exp($1 - top) }
            for (value, probability) in zip(values, result[row * width..<(row + 1) * width]) {
                #expect(abs(Double(probability) - exp(value - top) / total) < 1e-6)
            }
        }
    }

    @Test(arguments: versions, widths)
    func normalisedRowsHaveTheMeanAndVarianceAskedFor(version: Version, width: Int) {
        let rows = 3
        let x = numbers(rows * width, in: -5...5, seed: 4)
        let bias = numbers(width, in: -1...1, seed: 5)
        let residual = numbers(rows * width, in: -5...5, seed: 6)
        let (scale, shift) = (numbers(width, in: 0.5...2, seed: 7), numbers(width, in: -1...1, seed: 8))
        for parts in [true, false] {
            var result = x
            version.norm(&result, parts ? bias : nil, parts ? residual : nil, scale, shift, rows, width)
            for row in 0..<rows {
                let values = (0..<width).map { column in
                    let index = row * width + column
                    return Double(x[index]) + (parts ? Double(bias[column]) + Double(residual[index]) : 0)
                }
                let mean = values.reduce(0, +) / Double(width)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
                for column in 0..<width {
                    let exact =
                        (values[column] - mean) / (variance + Double(Self.epsilon)).squareRoot() * Double(scale[column])
                        + Double(shift[column])
                    // A row of one number has no variance: rounding alone decides there.
                    #expect(width == 1 || abs(Double(result[row * width + column]) - exact) < 2e-5, "\(row) \(column)")
                }
            }
        }
    }

    @Test(arguments: widths)
    func sumsAndBiases(width: Int) {
        var x = numbers(5 * width, in: -1...1, seed: 9)
        let bias = numbers(width, in: -1...1, seed: 10)
        let expected = (0..<width).map { column in (0..<5).reduce(Float(0)) { $0 + (x[$1 * width + column] + bias[column]) } }
        bunko_add_bias(&x, bias, 5, width)
        var sums = [Float](repeating: .nan, count: width)
        bunko_sum_rows(x, 5, width, &sums)
        for (sum, value) in zip(sums, expected) { #expect(abs(sum - value) < 1e-5) }
    }
}
