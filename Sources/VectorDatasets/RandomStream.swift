import CSyntheticVectors
import Glibc

/// What random numbers are drawn for: each purpose has streams of its own.
enum DrawPurpose: UInt32 {
    case basis = 1
    case topic, subtopic, weight, document, documentLatent, chunk, noise, extraChunk, query, queryLatent, queryNoise, sample
}

/// Random numbers of one stream. A stream is named by seed, purpose and position, so what is drawn for one row does not depend on how
/// many others were drawn before it, nor by whom.
struct RandomStream: RandomNumberGenerator {
    private let key: (UInt32, UInt32)
    private let purpose: DrawPurpose
    private let position: UInt64
    private var block: UInt32 = 0

    init(seed: UInt64, _ purpose: DrawPurpose, position: Int = 0) {
        key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.purpose = purpose
        self.position = UInt64(position)
    }

    /// The next 64 bits; half of a block of the counter's is not used, since few are drawn so.
    mutating func next() -> UInt64 {
        let counter = [block, UInt32(truncatingIfNeeded: position), UInt32(truncatingIfNeeded: position >> 32), purpose.rawValue]
        var bits: [UInt32] = [0, 0, 0, 0]
        bunko_philox(counter, [key.0, key.1], &bits)
        block += 1
        return UInt64(bits[1]) << 32 | UInt64(bits[0])
    }

    /// Uniform in (0, 1).
    mutating func uniform() -> Double {
        (Double(next() >> 11) + 0.5) * 0x1p-53
    }

    /// Uniform among 0..<bound; `bound` at most 2^32, so that the bias is under 2^-32.
    mutating func index(below bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// Standard normal, by Box and Muller.
    mutating func normal() -> Double {
        let radius = (-2 * log(uniform())).squareRoot()
        return radius * cos(2 * Double.pi * uniform())
    }
}
