import CVectorKernels
import Foundation
import Testing

/// The kernels over codes: every variant this processor runs against plain arithmetic, bit for bit where the results are whole numbers.
struct CodeKernelTests {
    typealias QuadSums =
        @convention(c) (
            UnsafePointer<bunko_quantized_query>?, UnsafePointer<UnsafePointer<UInt8>?>?, Int, UnsafePointer<UnsafePointer<UInt8>?>?,
            UnsafeMutablePointer<Int32>?
        ) -> Void
    typealias BlockSums =
        @convention(c) (UnsafePointer<bunko_quantized_query>?, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, UnsafeMutablePointer<Int32>?)
        -> Void
    typealias Quantize =
        @convention(c) (
            UnsafePointer<Float>?, Int, UnsafeMutablePointer<Int8>?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?
        ) -> bunko_quantized_query

    static let quadSums: [(String, QuadSums)] = {
        var variants: [(String, QuadSums)] = [("dispatched", bunko_quad_sums), ("scalar", bunko_quad_sums_scalar)]
        #if arch(x86_64)
            if bunko_cpu_has_avx2() { variants.append(("AVX2", bunko_quad_sums_avx2)) }
            if bunko_cpu_has_vector_popcount() { variants.append(("AVX-512", bunko_quad_sums_avx512)) }
        #endif
        return variants
    }()

    static let blockSums: [(String, BlockSums)] = {
        var variants: [(String, BlockSums)] = [("dispatched", bunko_block_sums), ("scalar", bunko_block_sums_scalar)]
        #if arch(x86_64)
            if bunko_cpu_has_avx2() { variants.append(("AVX2", bunko_block_sums_avx2)) }
            if bunko_cpu_has_avx512() { variants.append(("AVX-512", bunko_block_sums_avx512)) }
        #endif
        return variants
    }()

    static let quantizers: [(String, Quantize)] = {
        var variants: [(String, Quantize)] = [("dispatched", bunko_quantize), ("scalar", bunko_quantize_scalar)]
        #if arch(x86_64)
            if bunko_cpu_has_avx2() { variants.append(("AVX2", bunko_quantize_avx2)) }
        #endif
        return variants
    }()

    typealias Rotate = @convention(c) (UnsafePointer<bunko_rotation>?, UnsafeMutablePointer<Float>?) -> Void

    static let rotations: [(String, Rotate)] = {
        var variants: [(String, Rotate)] = [("dispatched", bunko_rotate)]
        #if arch(x86_64)
            if bunko_cpu_has_avx2() { variants.append(("AVX2", bunko_rotate_avx2)) }
            if bunko_cpu_has_avx512() { variants.append(("AVX-512", bunko_rotate_avx512)) }
        #endif
        return variants
    }()

    /// 4,224 and 8,192 coordinates overflow 16-bit sums unless they are added up in parts.
    private static let widths = [128, 256, 384, 1536, 4224, 8192]

    /// A quantised query in memory of its own.
    private final class Query {
        let width: Int
        let values: UnsafeMutablePointer<Int8>
        let tables: UnsafeMutablePointer<UInt8>
        let planes: UnsafeMutablePointer<UInt8>
        let wide: UnsafeMutablePointer<UInt8>
        var query = bunko_quantized_query()

        init(_ vector: [Float], with quantize: Quantize = bunko_quantize) {
            width = vector.count
            values = .allocate(capacity: width)
            tables = .allocate(capacity: 4 * width)
            planes = .allocate(capacity: 5 * width / 2)
            wide = .allocate(capacity: (width / 8 + 2) / 3 * 256)
            query = quantize(vector, width, values, tables, planes)
        }

        func widen() { bunko_widen_tables(&query, wide) }

        deinit {
            values.deallocate()
            tables.deallocate()
            planes.deallocate()
            wide.deallocate()
        }
    }

    private func codes(_ count: Int, width: Int, ones: Bool, _ generator: inout SplitMix64) -> [[UInt8]] {
        (0..<count).map { _ in (0..<width / 8).map { _ in ones ? 255 : UInt8.random(in: 0...255, using: &generator) } }
    }

    private func quads(_ codes: [[UInt8]], width: Int) -> UnsafeMutablePointer<UInt8> {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: codes.count / 4 * width / 2, alignment: 64)
            .bindMemory(to: UInt8.self, capacity: codes.count / 4 * width / 2)
        for (row, code) in codes.enumerated() { bunko_quad_store(memory + row / 4 * width / 2, row % 4, code, width) }
        return memory
    }

    @Test func sumsOverSetBitsAreExactInEveryVariant() {
        var generator = SplitMix64(seed: 51)
        for width in Self.widths {
            for extreme in [false, true] {
                let vector = (0..<width).map { _ in extreme ? Float(1) : Float.random(in: -1...1, using: &generator) }
                let query = Query(vector)
                let codes = codes(32, width: width, ones: extreme, &generator)
                let memory = quads(codes, width: width)
                defer { memory.deallocate() }
                let expected = codes.map { code in
                    (0..<width).reduce(Int32(0)) { $0 + (code[$1 / 8] >> UInt8($1 % 8) & 1 == 1 ? Int32(query.values[$1]) : 0) }
                }
                let ahead = (0..<8).map { Optional(UnsafePointer(memory + (7 - $0) * width / 2)) }
                for count in 1...8 {
                    let pointers = (0..<count).map { Optional(UnsafePointer(memory + $0 * width / 2)) }
                    for (name, kernel) in Self.quadSums {
                        var sums = [Int32](repeating: -1, count: 33)
                        kernel(&query.query, pointers, count, count % 2 == 0 ? ahead : nil, &sums)
                        #expect(Array(sums[..<(4 * count)]) == Array(expected[..<(4 * count)]), "\(name), width \(width), \(count) quads")
                        #expect(sums[4 * count] == -1, "\(name) wrote beyond its sums")
                    }
                }
                var block = [UInt8](repeating: 0, count: 4 * width)
                bunko_transpose((0..<8).map { Optional(UnsafePointer(memory + $0 * width / 2)) }, 8, width, &block)
                for byte in 0..<width / 8 {
                    #expect(Array(block[32 * byte..<32 * byte + 32]) == codes.map { $0[byte] })
                }
                for (name, kernel) in Self.blockSums {
                    var sums = [Int32](repeating: 0, count: 32)
                    kernel(&query.query, block, extreme ? UnsafePointer(memory) : nil, &sums)
                    #expect(sums == expected, "\(name), width \(width)")
                }
            }
        }
    }

    @Test func sumsOfTwoBlocksAreThoseOfEach() {
        var generator = SplitMix64(seed: 62)
        for width in Self.widths {
            for extreme in [false, true] {
                let query = Query((0..<width).map { _ in extreme ? Float(1) : Float.random(in: -1...1, using: &generator) })
                let codes = codes(64, width: width, ones: extreme, &generator)
                let memory = quads(codes, width: width)
                defer { memory.deallocate() }
                let expected = codes.map { code in
                    (0..<width).reduce(Int32(0)) { $0 + (code[$1 / 8] >> UInt8($1 % 8) & 1 == 1 ? Int32(query.values[$1]) : 0) }
                }
                let blocks = (0..<2).map { number in
                    var block = [UInt8](repeating: 0, count: 4 * width)
                    bunko_transpose((0..<8).map { Optional(UnsafePointer(memory + (8 * number + $0) * width / 2)) }, 8, width, &block)
                    return block
                }
                #expect(query.query.wide == nil)
                for widened in [false, true] {
                    if widened { query.widen() }
                    for ahead in [nil, UnsafePointer(memory)] {
                        var sums = [Int32](repeating: -1, count: 65)
                        bunko_block_pair_sums(&query.query, blocks[0], blocks[1], ahead, &sums)
                        #expect(Array(sums[..<64]) == expected, "width \(width), widened \(widened)")
                        #expect(sums[64] == -1)
                    }
                }
                #expect((query.query.wide != nil) == bunko_cpu_has_wide_tables())
            }
        }
    }

    @Test func quantisationIsTheSameInEveryVariant() {
        var generator = SplitMix64(seed: 52)
        for width in Self.widths {
            for vector in [
                smoothVector(width, &generator), [Float](repeating: 0, count: width),
                (0..<width).map { $0 == 7 ? 1 : 0 }, (0..<width).map { $0 % 2 == 0 ? -1 : 1e-30 },
            ] {
                let largest = vector.map(abs).max() ?? 0
                for (name, quantize) in Self.quantizers {
                    let query = Query(vector, with: quantize)
                    let values = (0..<width).map { Int(query.values[$0]) }
                    #expect(values.allSatisfy { (-15...15).contains($0) }, "\(name)")
                    #expect(Int(query.query.total) == values.reduce(0, +))
                    var squared = 0.0
                    for (value, exact) in zip(values, vector) {
                        let rest = Double(exact) - Double(query.query.step) * Double(value)
                        #expect(abs(rest) <= Double(largest) / 30 * 1.0001)
                        squared += rest * rest
                    }
                    #expect(
                        abs(Double(query.query.rounding) - squared.squareRoot()) <= 1e-4 * squared.squareRoot() + 2e-7
                            * Double(width).squareRoot() * Double(largest))
                    let reference = Query(vector, with: bunko_quantize_scalar)
                    #expect(values == (0..<width).map { Int(reference.values[$0]) })
                    #expect((0..<4 * width).allSatisfy { query.tables[$0] == reference.tables[$0] })
                    #expect((0..<5 * width / 2).allSatisfy { query.planes[$0] == reference.planes[$0] })
                    #expect(query.query.table_offset == reference.query.table_offset)
                }
            }
        }
    }

    @Test func rotationIsTheSameInEveryVariant() {
        var generator = SplitMix64(seed: 57)
        for width in Self.widths + [512, 640, 1920] {
            let rounds = 4
            let signs = (0..<rounds * width).map { _ in UInt32.random(in: 0...1, using: &generator) << 31 }
            for vector in [smoothVector(width, &generator), (0..<width).map { $0 == width - 1 ? 1 : 0 }] {
                func rotated(_ rotate: Rotate) -> [Float] {
                    var values = vector
                    signs.withUnsafeBufferPointer {
                        var rotation = bunko_rotation(width: width, rounds: rounds, signs: $0.baseAddress)
                        rotate(&rotation, &values)
                    }
                    return values
                }
                let expected = rotated(bunko_rotate_scalar)
                #expect(expected != vector)
                for (name, rotate) in Self.rotations { #expect(rotated(rotate) == expected, "\(name), width \(width)") }
            }
        }
    }

    @Test func halvesRoundAsTheyShould() {
        for bits in UInt16(0)..<0x7C00 {
            let value = bunko_half_to_float(bits)
            #expect(value == Float(Float16(bitPattern: bits)))
            #expect(bunko_float_to_half(value) == bits)
            #expect(bunko_float_to_half_up(value) == bits)
            let between = (value + bunko_half_to_float(min(bits + 1, 0x7BFF))) / 2
            #expect(bunko_half_to_float(bunko_float_to_half_up(between)) >= between)
        }
        #expect(bunko_half_to_float(bunko_float_to_half(1e9)) == 65504)
        #expect(bunko_half_to_float(bunko_float_to_half(-0.3)) == -bunko_half_to_float(bunko_float_to_half(0.3)))
    }

    @Test func bitsOfSlotsAreTheSameInEveryVariant() {
        var generator = SplitMix64(seed: 61)
        let words = (0..<40).map { _ in generator.next() }
        words.withUnsafeBufferPointer { words in
            for capacity in [0, 1, 31, 32, 33, 64, 1_000, 2_559, 2_560] {
                var rows = bunko_rows(words: words.baseAddress, slots: capacity, sparse: true)
                for count in 0...64 {
                    // Some lie beyond what may be read, up to the largest number a slot can have.
                    let slots = (0..<count).map { _ in
                        generator.next() % 8 == 0 ? UInt32.max - UInt32(generator.next() % 3) : UInt32(generator.next() % 3_000)
                    }
                    let expected = slots.indices.reduce(UInt64(0)) { bits, position in
                        let slot = Int(slots[position])
                        return slot < capacity && words[slot / 64] >> (slot % 64) & 1 == 1 ? bits | 1 << position : bits
                    }
                    #expect(bunko_allowed_scalar(&rows, slots, count) == expected)
                    #if arch(x86_64)
                        if bunko_cpu_has_avx2() { #expect(bunko_allowed_avx2(&rows, slots, count) == expected) }
                    #endif
                }
            }
        }
    }

    @Test func boundsAreTheSameInEveryVariant() {
        var generator = SplitMix64(seed: 63)
        let query = Query(smoothVector(256, &generator))
        let factors = (0..<16).map { _ in
            var quad = bunko_quad_factors()
            withUnsafeMutableBytes(of: &quad) { bytes in
                let halves = bytes.bindMemory(to: UInt16.self)
                for place in halves.indices { halves[place] = bunko_float_to_half(.random(in: 0.01...0.2, using: &generator)) }
            }
            return quad
        }
        let sums = (0..<64).map { _ in Int32.random(in: -200...200, using: &generator) }
        withUnsafePointer(to: query.query) { quantized in
            var codeQuery = bunko_code_query(query: quantized, base: 0.3, distance: 0.9, epsilon: 2)
            let halves = factors.withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)).map(bunko_half_to_float) }
            var estimates = [Float](repeating: 0, count: 64)
            var widths = estimates
            for threshold in [-Float.infinity, 0.4, .infinity] {
                let reaching = bunko_run_bounds_plain(&codeQuery, sums, factors, threshold, &estimates, &widths)
                for row in 0..<64 {
                    let place = row / 4 * 12 + row % 4
                    let (alpha, add, error) = (halves[place], halves[place + 4], halves[place + 8] * codeQuery.distance)
                    let signed = Float(2 * sums[row] - quantized.pointee.total) * quantized.pointee.step
                    #expect(abs(estimates[row] - (codeQuery.base + add + alpha * signed)) < 1e-5)
                    let rounded = alpha * quantized.pointee.rounding
                    #expect(abs(widths[row] - codeQuery.epsilon * (error * error + rounded * rounded).squareRoot()) < 1e-5)
                    #expect((reaching >> UInt64(row) & 1 == 1) == (estimates[row] + widths[row] >= threshold))
                }
                #if arch(x86_64)
                    guard bunko_cpu_has_avx512() else { continue }
                    var (otherEstimates, otherWidths) = ([Float](repeating: 0, count: 64), [Float](repeating: 0, count: 64))
                    #expect(bunko_run_bounds_avx512(&codeQuery, sums, factors, threshold, &otherEstimates, &otherWidths) == reaching)
                    #expect(otherEstimates == estimates && otherWidths == widths)
                #endif
            }
        }
    }

    @Test func largestValuesAreAllChosen() {
        var generator = SplitMix64(seed: 53)
        for count in [1, 2, 31, 1000, 1024, 1789, 5000] {
            for flat in [false, true] {
                let values = (0..<count).map { _ in flat ? Float(3) : Float.random(in: -2...5, using: &generator) }
                for wanted in [1, 7, 24, 64, 65, count / 3 + 1, count, count + 5] {
                    var positions = [UInt32](repeating: .max, count: count)
                    let found = bunko_select_largest(values, count, wanted, &positions)
                    let chosen = Set(positions[..<found])
                    #expect(chosen.count == found && found >= min(wanted, count))
                    let best = values.sorted(by: >).prefix(wanted)
                    #expect(flat || found <= wanted + wanted / 4 + 8, "\(found) of \(count), \(wanted) wanted")
                    #expect(values.indices.allSatisfy { chosen.contains(UInt32($0)) || values[$0] <= best.last ?? 0 })
                }
            }
        }
    }

    @Test func rowMaximaAreTheLeftmost() {
        var generator = SplitMix64(seed: 54)
        for columns in [1, 7, 8, 9, 64, 509] {
            let rows = 5
            let matrix = (0..<rows * columns).map { _ in Float(Int.random(in: -3...3, using: &generator)) }
            var best = [Float](repeating: -2.5, count: rows)
            var which = [UInt32](repeating: 7, count: rows)
            bunko_raise_to_row_maximum(matrix, rows, columns, columns, 100, &best, &which)
            for row in 0..<rows {
                let values = matrix[row * columns..<(row + 1) * columns]
                let most = values.max() ?? 0
                #expect(best[row] == max(most, -2.5))
                #expect(which[row] == (most > -2.5 ? 100 + UInt32(values.firstIndex(of: most)! - row * columns) : 7))
            }
        }
    }

    @Test func codesAreTheSameInEveryVariant() {
        var generator = SplitMix64(seed: 58)
        for width in Self.widths {
            let centre = smoothVector(width, &generator)
            for residual in [smoothVector(width, &generator), [Float](repeating: 0, count: width), (0..<width).map { $0 == 9 ? -1 : 0 }] {
                var expected = [UInt8](repeating: 0xAA, count: width / 8)
                let factors = bunko_encode_scalar(residual, centre, width, &expected)
                for coordinate in 0..<width {
                    let isSet = expected[coordinate / 8] >> UInt8(coordinate % 8) & 1 == 1
                    #expect(isSet == (residual[coordinate] > 0))
                }
                var variants = [("dispatched", bunko_encode)]
                #if arch(x86_64)
                    if bunko_cpu_has_avx2() { variants.append(("AVX2", bunko_encode_avx2)) }
                #endif
                for (name, kernel) in variants {
                    var code = [UInt8](repeating: 0x55, count: width / 8)
                    let found = kernel(residual, centre, width, &code)
                    #expect(code == expected, "\(name), width \(width)")
                    #expect(
                        [found.alpha, found.add, found.error] == [factors.alpha, factors.add, factors.error], "\(name), width \(width)")
                }
            }
        }
    }

    @Test func bfloat16KeepsEightBits() {
        var generator = SplitMix64(seed: 55)
        let values = smoothVector(1536, &generator)
        var halves = [UInt16](repeating: 0, count: values.count)
        var widened = [Float](repeating: 0, count: values.count)
        bunko_round_to_bfloat16(values, &halves, values.count)
        bunko_widen_bfloat16(halves, &widened, values.count)
        #expect(zip(values, widened).allSatisfy { abs($0 - $1) <= abs($0) / 256 })
    }

    @Test func productsOfBytesAreThoseOfTheRoundedValues() {
        var generator = SplitMix64(seed: 56)
        for count in [0, 1, 31, 32, 33, 1536] {
            var rounded: [[Int8]] = []
            for vector in [smoothVector(count, &generator), smoothVector(count, &generator)] {
                var bytes = [Int8](repeating: 0, count: count)
                let step = bunko_round_to_int8(vector, &bytes, count)
                #expect(zip(vector, bytes).allSatisfy { abs($0 - step * Float($1)) <= step * 0.51 })
                #expect(count == 0 || bytes.contains { abs(Int($0)) == 127 })
                rounded.append(bytes)
            }
            let expected = zip(rounded[0], rounded[1]).reduce(0) { $0 + Int($1.0) * Int($1.1) }
            #expect(Int(bunko_dot_int8(rounded[0], rounded[1], count)) == expected)
        }
        let widest = 131_071
        let full = [Int8](repeating: 127, count: widest)
        #expect(Int(bunko_dot_int8(full, full, widest)) == widest * 127 * 127)
        var zeros = [Int8](repeating: 1, count: 8)
        #expect(bunko_round_to_int8([Float](repeating: 0, count: 8), &zeros, 8) == 0)
        #expect(zeros.allSatisfy { $0 == 0 })
    }
}
