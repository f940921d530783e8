import Extraction

/// A small generator with a seed, so that a failing case can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

func extract(_ text: String, as fileName: String = "a.md") throws(ExtractionError) -> ExtractedDocument {
    try TextExtractor().extract(Array(text.utf8), fileName: fileName)
}

/// The scalars `range` of `text`, found the slow and obvious way.
func slice(_ text: String, _ range: Range<Int>) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(range.lowerBound).prefix(range.count)))
}

extension ExtractedDocument {
    /// Each block as its kind and its text, for comparison.
    var outline: [String] {
        blocks.map { "\($0.kind): \(slice(text, $0.range))" }
    }

    var headings: [String] {
        blocks.compactMap(\.headingText)
    }
}

/// `count` English sentences that all differ, of about nine tokens each.
func sentences(_ count: Int, about subject: String = "ledger") -> String {
    (0..<count).map { "The \(subject) entry number \($0) was checked by hand." }.joined(separator: " ")
}
