/// The units around the place where a passage is being cut; those behind are dropped, those ahead are read when they are needed.
struct UnitWindow {
    private(set) var units: [TextUnit] = []
    /// Whether the last of `units` is the group's last.
    private(set) var isComplete = false
    private var reader: UnitReader
    private let input: ChunkingInput
    /// For each unit, the tokens of all units and gaps before it since the group's beginning.
    private var tokensBefore: [Int] = []

    init(_ reader: UnitReader, _ input: ChunkingInput) {
        self.reader = reader
        self.input = input
    }

    var count: Int { units.count }

    subscript(index: Int) -> TextUnit { units[index] }

    /// Reads on until all units from the first one have at least `tokens` tokens, or none is left.
    mutating func fill(to tokens: Int) {
        while !isComplete, self.tokens(0..<units.count) < tokens {
            let old = units.count
            isComplete = !reader.read(into: &units)
            for index in old..<units.count { measure(index) }
        }
    }

    /// Forgets the first `count` units; the others move up.
    mutating func drop(_ count: Int) {
        units.removeFirst(count)
        tokensBefore.removeFirst(count)
    }

    /// The tokens of a range of units, as the sum of them and the gaps between.
    func tokens(_ range: Range<Int>) -> Int {
        guard let first = range.first, let last = range.last else { return 0 }
        return tokensBefore[last] + units[last].tokens - tokensBefore[first]
    }

    /// The bytes from the first unit of a range to the last; the range must not be empty.
    func bytes(_ range: Range<Int>) -> Range<Int> {
        units[range.lowerBound].bytes.lowerBound..<units[range.upperBound - 1].bytes.upperBound
    }

    private mutating func measure(_ index: Int) {
        guard index > 0 else { return tokensBefore.append(0) }
        let gap = input.tokens(units[index - 1].bytes.upperBound..<units[index].bytes.lowerBound)
        units[index].gapTokens = gap
        tokensBefore.append(tokensBefore[index - 1] + units[index - 1].tokens + gap)
    }
}
