import Extraction
import TestSupport

typealias SeededGenerator = TestSupport.SeededGenerator

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
