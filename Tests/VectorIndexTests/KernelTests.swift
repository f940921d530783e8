import CVectorKernels
import Foundation
import Testing

/// Every kernel variant this processor runs, against the scalar one. The variants are chosen by CPUID, explicitly: `supported` names
/// them in the test's output, and `cpuidAgreesWithTheKernel` checks that none is left out.
struct KernelTests {
    struct Variant: Sendable, CustomTestStringConvertible {
        typealias Dot = @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, Int) -> Float
        typealias DotAhead =
            @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, Int, UnsafePointer<Float>?) -> Float
        typealias SquaredNorm = @convention(c) (UnsafePointer<Float>?, Int) -> Double
        typealias Scale = @convention(c) (UnsafePointer<Float>?, Double, UnsafeMutablePointer<Float>?, Int) -> Void
        typealias Decode = @convention(c) (UnsafePointer<UInt8>?, UnsafeMutablePointer<Float>?, Int) -> Void

        let testDescription: String
        let dot: Dot
        let dotAhead: DotAhead
        let squaredNorm: SquaredNorm
        let scale: Scale
        let decode: Decode
    }

    static let supported: [Variant] = {
        var variants = [
            Variant(
                testDescription: "dispatched", dot: bunko_dot, dotAhead: bunko_dot_ahead, squaredNorm: bunko_squared_norm,
                scale: bunko_scale, decode: bunko_decode_big_endian)
        ]
        #if arch(x86_64)
            if bunko_cpu_has_avx2() {
                variants.append(
                    Variant(
                        testDescription: "AVX2", dot: bunko_dot_avx2, dotAhead: bunko_dot_ahead_avx2,
                        squaredNorm: bunko_squared_norm_avx2, scale: bunko_scale_avx2, decode: bunko_decode_big_endian_avx2))
            }
            if bunko_cpu_has_avx512() {
                variants.append(
                    Variant(
                        testDescription: "AVX-512", dot: bunko_dot_avx512, dotAhead: bunko_dot_ahead_avx512,
                        squaredNorm: bunko_squared_norm_avx512, scale: bunko_scale_avx512, decode: bunko_decode_big_endian_avx512))
            }
        #endif
        return variants
    }()

    private static let counts = Array(0...70) + [127, 128, 129, 1535, 1536, 1537]

    @Test func cpuidAgreesWithTheKernel() throws {
        let text = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        let flags = Set(text.split(whereSeparator: { $0 == " " || $0 == "\n" || $0 == "\t" }))
        #expect(bunko_cpu_has_avx2() == (flags.contains("avx2") && flags.contains("fma")))
        #expect(bunko_cpu_has_avx512() == ["avx512f", "avx512bw", "avx512vl", "avx512dq"].allSatisfy { flags.contains($0) })
        #expect(Self.supported.count == 1 + (bunko_cpu_has_avx2() ? 1 : 0) + (bunko_cpu_has_avx512() ? 1 : 0))
    }

    @Test(arguments: supported)
    func dotIsWithinItsErrorBound(variant: Variant) {
        var generator = SplitMix64(seed: 31)
        for count in Self.counts {
            let a = smoothVector(count + 1, &generator)
            let b = smoothVector(count + 1, &generator)
            let products = zip(a, b).map { Double($0) * Double($1) }.dropFirst()
            let bound = Double(count) * 0x1p-24 * products.reduce(0) { $0 + abs($1) } + 1e-30
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    guard let a = a.baseAddress, let b = b.baseAddress else { return }
                    let found = Double(variant.dot(a + 1, b + 1, count))
                    #expect(abs(found - products.reduce(0, +)) <= bound, "count \(count)")
                    #expect(abs(found - Double(bunko_dot_scalar(a + 1, b + 1, count))) <= 2 * bound, "count \(count)")
                    #expect(Double(variant.dotAhead(a + 1, b + 1, count, b)) == found)
                    #expect(Double(variant.dotAhead(a + 1, b + 1, count, nil)) == found)
                }
            }
        }
    }

    @Test(arguments: supported)
    func everyElementCounts(variant: Variant) {
        for count in Self.counts {
            let ones = [Float](repeating: 1, count: count)
            #expect(variant.dot(ones, ones, count) == Float(count))
            #expect(variant.squaredNorm(ones, count) == Double(count))
        }
    }

    @Test(arguments: supported)
    func squaredNormNeitherOverflowsNorVanishes(variant: Variant) {
        for count in Self.counts where count > 0 {
            for value in [Float.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0.1] {
                let vector = [Float](repeating: value, count: count)
                let expected = Double(value) * Double(value) * Double(count)
                #expect(abs(variant.squaredNorm(vector, count) / expected - 1) < 1e-12)
            }
            for bad in [Float.nan, .infinity, -.infinity] {
                var vector = [Float](repeating: 1, count: count)
                vector[count - 1] = bad
                #expect(!variant.squaredNorm(vector, count).isFinite)
            }
        }
    }

    @Test(arguments: supported)
    func scaleEqualsTheScalarOneBitForBit(variant: Variant) {
        var generator = SplitMix64(seed: 32)
        for count in Self.counts {
            let source = smoothVector(count, &generator)
            let factor = Double.random(in: 0.001...1000, using: &generator)
            var found = [Float](repeating: 7, count: count + 1)
            var expected = found
            variant.scale(source, factor, &found, count)
            bunko_scale_scalar(source, factor, &expected, count)
            #expect(found == expected)
            #expect(found[count] == 7)
        }
    }

    @Test(arguments: supported)
    func decodingKeepsEveryBit(variant: Variant) {
        var generator = SplitMix64(seed: 33)
        for count in Self.counts {
            let special: [UInt32] = [0x7FC0_1234, 0xFF80_0000, 0x8000_0000, 1]
            let bits = (0..<count).map { $0 < 4 ? special[$0] : UInt32.random(in: 0...UInt32.max, using: &generator) }
            let bytes = bits.flatMap { [UInt8($0 >> 24), UInt8($0 >> 16 & 255), UInt8($0 >> 8 & 255), UInt8($0 & 255)] }
            var found = [Float](repeating: 7, count: count + 1)
            variant.decode(bytes, &found, count)
            #expect(found.prefix(count).map(\.bitPattern) == bits)
            #expect(found[count] == 7)
        }
    }

    @Test func normalizeMakesUnitLengthOrRefuses() {
        var vector: [Float] = [3, 0, -4]
        #expect(bunko_normalize(&vector, 3))
        #expect(vector == [0.6, 0, -0.8])
        for refused: [Float] in [[0, 0], [1, .nan], [.infinity, 1], []] {
            var unchanged = refused
            #expect(!bunko_normalize(&unchanged, unchanged.count))
            #expect(unchanged.map(\.bitPattern) == refused.map(\.bitPattern))
        }
    }

    @Test(arguments: [0, 1, 63, 64, 65, 200, 1024])
    func rangesAreMarkedValueByValue(count: Int) {
        var generator = SplitMix64(seed: UInt64(count))
        let choices = [-Double.infinity, -1, -0.0, 0, 0.5, 1, .infinity, .nan]
        let values = (0..<count).map { _ in choices[Int.random(in: 0..<choices.count, using: &generator)] }
        for (low, high) in [(0.0, 0.0), (-1, 0.5), (-.infinity, .infinity), (1, 0)] {
            var words = [UInt64](repeating: 0, count: count / 64 + 1)
            bunko_mark_range(values, count, low, high, &words)
            let expected = values.indices.filter { values[$0] >= low && values[$0] <= high }
            #expect((0..<64 * words.count).filter { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 } == expected)
            #expect(bunko_count_bits(words, words.count) == expected.count)
            var all = [UInt64](repeating: 0, count: count / 64 + 1)
            bunko_set_bits(&all, count)
            #expect(bunko_count_bits(all, all.count) == count)
            bunko_intersect(&all, words, all.count)
            #expect(all == words)
        }
    }
}
