import TextAnalysis

/// What a text says, so far as it can be told whether another says it already: its runs of three terms (Broder, "On the resemblance and
/// containment of documents", 1997) and its numbers.
struct Shingles {
    /// Terms of a run.
    private static let length = 3
    /// The share of a text's runs that another must have. A word in thirty may differ.
    private static let leastShare = 0.9

    private var runs: Set<UInt64> = []
    private var numbers: Set<UInt64> = []

    /// Takes time linear in the text.
    init(_ text: String) {
        var last: [UInt64] = []
        var count = 0
        LexicalAnalyzer().forEachTerm(in: text) { term in
            let hash = StableHash.of(term.utf8)
            if term.utf8.contains(where: { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) { numbers.insert(hash) }
            if last.count == Self.length { last.removeFirst() }
            last.append(hash)
            count += 1
            if last.count == Self.length { runs.insert(Self.run(last)) }
        }
        if count > 0, count < Self.length { runs.insert(Self.run(last)) }
    }

    /// Whether another text says what this one does: it has nearly all of its runs, and each of its numbers. A text without terms is said by none.
    func areIn(_ other: Shingles) -> Bool {
        guard !runs.isEmpty, numbers.isSubset(of: other.numbers) else { return false }
        let common = runs.count { other.runs.contains($0) }
        return Double(common) >= Self.leastShare * Double(runs.count)
    }

    private static func run(_ hashes: [UInt64]) -> UInt64 {
        hashes.reduce(0) { StableHash.mixed($0 &* 31 ^ $1) }
    }
}
