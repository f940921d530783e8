import CVectorKernels

/// A random rotation fixed by its seed, after the fast transforms of Kac's walk: four rounds of signs, Hadamard transforms and a rotation by
/// 45 degrees between the halves. Two rounds leave sparse vectors visibly unrotated, three and four do not.
///
/// Vectors are padded with zeros to `width`. An isometry up to float32 rounding, 1.6 microseconds at 1536 dimensions with AVX-512, 2.8 with AVX2.
struct Rotation: Sendable {
    static let rounds = 4

    let dimensions: Int
    /// The number of rotated coordinates: `dimensions` rounded up to a multiple of 128.
    let width: Int
    private let signs: [UInt32]

    init(dimensions: Int, seed: UInt64) {
        self.dimensions = dimensions
        width = (dimensions + 127) / 128 * 128
        var generator = SplitMix64(seed: seed)
        signs = (0..<Self.rounds * width).map { _ in UInt32(truncatingIfNeeded: generator.next() >> 32) & 0x8000_0000 }
    }

    /// Rotates `dimensions` values into `width` others. No overlap.
    func rotate(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        target.update(from: source, count: dimensions)
        (target + dimensions).update(repeating: 0, count: width - dimensions)
        signs.withUnsafeBufferPointer { signs in
            var rotation = bunko_rotation(width: width, rounds: Self.rounds, signs: signs.baseAddress)
            bunko_rotate(&rotation, target)
        }
    }
}
