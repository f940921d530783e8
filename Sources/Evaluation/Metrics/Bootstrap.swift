/// Where the mean of some values lies for other questions of the same kind, learnt by drawing from those there are (Efron, 1979).
public enum Bootstrap {
    /// Samples drawn.
    private static let rounds = 2_000

    /// The middle 95 of 100 means of as many values, drawn with replacement. The same for the same values in every run. Both ends are the
    /// value itself where there is only one.
    /// - Parameter values: at least one.
    public static func interval(of values: [Double]) -> ClosedRange<Double> {
        var generator = Generator(state: 1)
        let means = (0..<rounds).map { _ in
            var sum = 0.0
            for _ in values.indices { sum += values[Int.random(in: values.indices, using: &generator)] }
            return sum / Double(values.count)
        }.sorted()
        return means[rounds * 25 / 1_000]...means[rounds * 975 / 1_000 - 1]
    }

    /// Numbers that are the same in every run: SplitMix64 (Steele, Lea and Flood, 2014).
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }
}
