import CVectorKernels
import Foundation
import Testing

import RowFilters
@testable import VectorIndex

/// What the codes promise about their errors, measured.
struct CodeStatisticsTests {
    private static let dimensions = 1536

    /// Unit vectors of a sort a random rotation must cope with.
    private func vectors(_ generator: inout SplitMix64) -> [[Float]] {
        let single = [0, 1, 255, 256, 511, 512, 700, 767, 768, 1023, 1024, 1279, 1280, 1535].map { position in
            (0..<Self.dimensions).map { $0 == position ? Float(1) : 0 }
        }
        let sparse = (0..<4).map { _ in
            var vector = [Float](repeating: 0, count: Self.dimensions)
            for _ in 0..<8 { vector[Int.random(in: 0..<Self.dimensions, using: &generator)] = Float.random(in: -1...1, using: &generator) }
            return vector
        }
        let padded = (0..<4).map { _ in smoothVector(384, &generator) + [Float](repeating: 0, count: Self.dimensions - 384) }
        return (single + sparse + padded + (0..<4).map { _ in smoothVector(Self.dimensions, &generator) }).map { vector in
            let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return vector.map { $0 / norm }
        }
    }

    private func rotated(_ vector: [Float], _ rotation: Rotation) -> [Float] {
        var result = [Float](repeating: 0, count: rotation.width)
        rotation.rotate(vector, into: &result)
        return result
    }

    @Test(arguments: [1, 16, 100, 128, 384, 768, 1000, 1536, 3072])
    func rotationIsAnIsometry(dimensions: Int) {
        var generator = SplitMix64(seed: 61)
        let rotation = Rotation(dimensions: dimensions, seed: 5)
        let (a, b) = (smoothVector(dimensions, &generator), smoothVector(dimensions, &generator))
        let (ra, rb) = (rotated(a, rotation), rotated(b, rotation))
        #expect(rotation.width % 128 == 0 && rotation.width - dimensions < 128)
        let scale = (dot(a, a) * dot(b, b)).squareRoot()
        #expect(abs(dot(ra, rb) - dot(a, b)) < 2e-6 * scale)
        #expect(abs(dot(ra, ra) / dot(a, a) - 1) < 2e-6)
    }

    /// Rotated unit vectors look like Gaussian ones, whatever they were: no coordinate stands out, and the fourth moment is near 3 / D^2.
    @Test func rotationSpreadsSparseVectors() {
        var generator = SplitMix64(seed: 62)
        let rotation = Rotation(dimensions: Self.dimensions, seed: 7)
        for vector in vectors(&generator) {
            let result = rotated(vector, rotation)
            let fourth = result.reduce(0.0) { $0 + pow(Double($1), 4) } * Double(Self.dimensions)
            #expect(result.map(abs).max()! < 5.5 / Float(Self.dimensions).squareRoot())
            #expect((2.3...3.8).contains(fourth))
        }
    }

    /// The estimate in its form without a residual of the query equals the direct one.
    @Test func estimateEqualsTheDirectForm() {
        var generator = SplitMix64(seed: 63)
        let rotation = Rotation(dimensions: Self.dimensions, seed: 9)
        for _ in 0..<20 {
            let centre = smoothVector(Self.dimensions, &generator).map { $0 * 0.02 }
            let row = unit(smoothVector(Self.dimensions, &generator))
            let query = unit(smoothVector(Self.dimensions, &generator))
            let space = CodeSpace(rotation: rotation, centre: centre, rows: 1)
            let (code, factors) = encoded(row, space)
            let (c, q) = (rotated(centre, rotation), rotated(query, rotation))
            let alpha = Double(bunko_half_to_float(factors.alpha))
            let signs = (0..<rotation.width).map { position -> Double in
                code[position / 8] >> UInt8(position % 8) & 1 == 1 ? 1 : -1
            }
            let residual = zip(rotated(row, rotation), c).map { Double($0) - Double($1) }
            var direct = dot(q, c)
            var estimate = direct + Double(bunko_half_to_float(factors.add))
            for position in 0..<rotation.width {
                let distance = Double(q[position]) - Double(c[position])
                direct += alpha * signs[position] * distance + residual[position] * Double(c[position])
                estimate += alpha * signs[position] * Double(q[position])
            }
            // The factors are halves: 11 bits of a number under 0.1.
            #expect(abs(estimate - direct) < 1e-4)
        }
    }

    /// Over many rows and queries: no bias, one standard deviation as the factors say, and an alignment of sqrt(2 / pi).
    @Test func errorsAreWhatTheBoundSays() {
        var generator = SplitMix64(seed: 64)
        let rotation = Rotation(dimensions: Self.dimensions, seed: 11)
        let centre = smoothVector(Self.dimensions, &generator).map { $0 * 0.01 }
        let space = CodeSpace(rotation: rotation, centre: centre, rows: 1)
        var deviations: [Double] = []
        var alignments: [Double] = []
        for _ in 0..<40 {
            let query = unit(smoothVector(Self.dimensions, &generator))
            let code = QueryCode(query, norm: 1, rotation: rotation)
            let list = CodeList(capacity: 64, width: rotation.width)
            var rows: [[Float]] = []
            for number in 0..<50 {
                let noise = smoothVector(Self.dimensions, &generator)
                let row = unit(zip(query, noise).map { 0.3 * Float(number) / 50 * $0 + 0.02 * $1 })
                let (bits, factors) = encoded(row, space)
                list.write(number, code: bits, factors: factors, slot: Slot(number))
                rows.append(row)
                let residual = zip(row, centre).map { Double($0) - Double($1) }
                let squared = residual.reduce(0) { $0 + $1 * $1 }
                alignments.append((squared.squareRoot() / Double(bunko_half_to_float(factors.alpha))) / Double(rotation.width).squareRoot())
            }
            list.publish(50)
            var estimates = [Float](repeating: 0, count: 64)
            var blocks = [UInt8](repeating: 0, count: 64 * space.codeBytes)
            code.withCodeQuery(space: space, epsilon: 1) { query in
                withUnsafePointer(to: list.view) {
                    var (alpha, add) = ([Float](repeating: 0, count: 50), [Float](repeating: 0, count: 50))
                    bunko_transpose_list($0, 50, rotation.width, &blocks, &alpha, &add)
                    bunko_estimate(blocks, alpha, add, 50, &query, &estimates)
                }
                for (number, row) in rows.enumerated() {
                    var bits = [UInt8](repeating: 0, count: space.codeBytes)
                    let factors = list.read(number, into: &bits)
                    let error = Double(bunko_half_to_float(factors.error) * query.distance)
                    let rounding = Double(bunko_half_to_float(factors.alpha) * query.query.pointee.rounding)
                    let truth = dot(row, Array(UnsafeBufferPointer(start: code.unit, count: Self.dimensions)))
                    deviations.append((Double(estimates[number]) - truth) / (error * error + rounding * rounding).squareRoot())
                }
            }
        }
        let mean = deviations.reduce(0, +) / Double(deviations.count)
        let deviation = (deviations.reduce(0) { $0 + $1 * $1 } / Double(deviations.count)).squareRoot()
        #expect(abs(mean) < 0.1)
        #expect((0.9...1.1).contains(deviation))
        // 1 / sqrt(pi / 2): what |r| / alpha / sqrt(D) is the inverse of.
        let alignment = alignments.reduce(0, +) / Double(alignments.count)
        #expect(abs(1 / alignment - 1 / 0.7979) < 0.02 || abs(alignment - 0.7979) < 0.01)
        #expect(deviations.count { $0 < -1.9 } < deviations.count / 20)
    }

    @Test func aRowThatIsTheCentreIsKnownExactly() {
        var generator = SplitMix64(seed: 65)
        let centre = unit(smoothVector(Self.dimensions, &generator))
        let space = CodeSpace(rotation: Rotation(dimensions: Self.dimensions, seed: 3), centre: centre, rows: 1)
        let (_, factors) = encoded(centre, space)
        #expect(factors.alpha == 0 && factors.add == 0 && factors.error == 0)
    }

    private func unit(_ vector: [Float]) -> [Float] {
        let norm = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return vector.map { Float(Double($0) / norm) }
    }

    private func dot(_ a: [Float], _ b: [Float]) -> Double {
        var sum = 0.0
        for (x, y) in zip(a, b) { sum += Double(x) * Double(y) }
        return sum
    }

    private func encoded(_ row: [Float], _ space: CodeSpace) -> ([UInt8], bunko_code_factors) {
        var scratch = [Float](repeating: 0, count: space.rotation.width)
        var code = [UInt8](repeating: 0, count: space.codeBytes)
        let factors = space.encode(row, scratch: &scratch, into: &code)
        return (code, factors)
    }
}
