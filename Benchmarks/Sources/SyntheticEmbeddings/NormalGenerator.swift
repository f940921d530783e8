import Glibc

/// Random numbers of one stream. A stream is named by a seed, a purpose and a position, so what is drawn for one document or row does
/// not depend on how many others were drawn before it.
struct NormalGenerator: RandomNumberGenerator {
    private var state: UInt64
    private var spare: Double?

    /// What a stream is for.
    enum Purpose: UInt64 {
        case basis = 1
        case topic, subtopic, weight, document, chunk, query
    }

    init(seed: UInt64, purpose: Purpose, position: Int = 0) {
        state = Self.mix(Self.mix(Self.mix(seed) ^ purpose.rawValue) ^ UInt64(position))
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// Uniform in (0, 1).
    mutating func uniform() -> Double {
        (Double(next() >> 11) + 0.5) * 0x1p-53
    }

    /// Standard normal, by Box and Muller.
    mutating func normal() -> Double {
        if let value = spare {
            spare = nil
            return value
        }
        let radius = (-2 * log(uniform())).squareRoot()
        let angle = 2 * Double.pi * uniform()
        spare = radius * sin(angle)
        return radius * cos(angle)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
