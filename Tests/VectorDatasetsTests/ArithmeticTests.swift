import CSyntheticVectors
import Testing

@testable import VectorDatasets

/// The generator's arithmetic: known answers, the shape of its numbers, and the same bits from every variant this processor runs.
struct ArithmeticTests {
    struct Variant: Sendable, CustomTestStringConvertible {
        typealias Normals = @convention(c) (UInt64, UInt32, UInt64, Float, UnsafeMutablePointer<Float>?, Int) -> Void
        typealias Images =
            @convention(c) (UnsafePointer<Float>?, Int, Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void
        typealias Normalize = @convention(c) (UnsafeMutablePointer<Float>?, Int, Int) -> Void
        typealias Dot = @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, Int) -> Double

        let testDescription: String
        let normals: Normals
        let images: Images
        let normalize: Normalize
        let dot: Dot
    }

    static let supported: [Variant] = {
        var variants = [
            Variant(
                testDescription: "dispatched", normals: bunko_normal_values, images: bunko_add_images, normalize: bunko_normalize_rows,
                dot: bunko_exact_dot)
        ]
        #if arch(x86_64)
            if bunko_synthetic_has_avx2() {
                variants.append(
                    Variant(
                        testDescription: "AVX2", normals: bunko_normal_values_avx2, images: bunko_add_images_avx2,
                        normalize: bunko_normalize_rows_avx2, dot: bunko_exact_dot_avx2))
            }
            if bunko_synthetic_has_avx512() {
                variants.append(
                    Variant(
                        testDescription: "AVX-512", normals: bunko_normal_values_avx512, images: bunko_add_images_avx512,
                        normalize: bunko_normalize_rows_avx512, dot: bunko_exact_dot_avx512))
            }
        #endif
        return variants
    }()

    /// The known answers that come with Random123, the authors' own implementation.
    @Test(
        arguments: [
            ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            (
                [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [0xffff_ffff, 0xffff_ffff],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
            ),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
            ),
        ] as [([UInt32], [UInt32], [UInt32])])
    func philoxGivesItsKnownAnswers(counter: [UInt32], key: [UInt32], expected: [UInt32]) {
        var block: [UInt32] = [0, 0, 0, 0]
        bunko_philox(counter, key, &block)
        #expect(block == expected)
    }

    @Test(arguments: supported)
    func everyVariantGivesTheSameBits(variant: Variant) {
        let (rank, dimensions, rows) = (37, 48, 11)
        let basis = normals(count: rank * dimensions, position: 1)
        let latents = normals(count: rows * rank, position: 2)
        var panels = basis
        bunko_pack_basis(basis, rank, dimensions, &panels)

        var expected = [Float](repeating: 0, count: rows * dimensions)
        var found = expected
        bunko_normal_values_portable(3, 4, 1 << 40, 0.25, &expected, expected.count)
        variant.normals(3, 4, 1 << 40, 0.25, &found, found.count)
        #expect(found == expected)
        bunko_add_images_portable(panels, rank, dimensions, latents, &expected, rows)
        variant.images(panels, rank, dimensions, latents, &found, rows)
        #expect(found == expected)
        bunko_normalize_rows_portable(&expected, dimensions, rows)
        variant.normalize(&found, dimensions, rows)
        #expect(found == expected)
        for count in 0..<dimensions {
            #expect(variant.dot(found, basis, count) == bunko_exact_dot_portable(expected, basis, count))
        }
    }

    @Test func imagesAreTheMatrixProduct() {
        let (rank, dimensions, rows) = (5, 32, 7)
        let basis = normals(count: rank * dimensions, position: 1)
        let latents = normals(count: rows * rank, position: 2)
        var panels = basis
        bunko_pack_basis(basis, rank, dimensions, &panels)
        var images = [Float](repeating: 1, count: rows * dimensions)
        bunko_add_images(panels, rank, dimensions, latents, &images, rows)
        for row in 0..<rows {
            for axis in 0..<dimensions {
                let product = (0..<rank).reduce(1.0) { $0 + Double(latents[row * rank + $1]) * Double(basis[$1 * dimensions + axis]) }
                #expect(abs(product - Double(images[row * dimensions + axis])) < 1e-5)
            }
        }
    }

    @Test func normalValuesAreNormal() {
        let values = normals(count: 400_000, position: 7).map { Double($0) }
        let count = Double(values.count)
        let moments = (1...4).map { power in values.reduce(0) { $0 + powered($1, power) } / count }
        // Five standard errors: a moment of order p has the variance of x^p over the count.
        #expect(abs(moments[0]) < 5 / count.squareRoot())
        #expect(abs(moments[1] - 1) < 5 * (2 / count).squareRoot())
        #expect(abs(moments[2]) < 5 * (15 / count).squareRoot())
        #expect(abs(moments[3] - 3) < 5 * (96 / count).squareRoot())
        let beyondTwo = values.count { abs($0) > 2 }
        #expect(abs(Double(beyondTwo) / count - 0.0455) < 0.002)
        #expect(values.allSatisfy { abs($0) < 6.7 })
    }

    @Test func streamsAreIndependentAndStartAlike() {
        let long = normals(count: 100, position: 1)
        #expect(normals(count: 45, position: 1) == Array(long.prefix(45)))
        let other = normals(count: 100, position: 2)
        #expect(Set(long).isDisjoint(with: other))
        var purpose = long
        bunko_normal_values(1, 6, 1, 1, &purpose, purpose.count)
        #expect(Set(long).isDisjoint(with: purpose))
        var seed = long
        bunko_normal_values(1 << 32, 5, 1, 1, &seed, seed.count)
        #expect(Set(long).isDisjoint(with: seed))
    }

    private func normals(count: Int, position: UInt64) -> [Float] {
        var values = [Float](repeating: 0, count: count)
        bunko_normal_values(1, 5, position, 1, &values, count)
        return values
    }

    private func powered(_ value: Double, _ power: Int) -> Double {
        (0..<power).reduce(1) { product, _ in product * value }
    }
}
