import CICU

/// Divides text into sentences by the rules of UAX #29 (ICU's sentence iterator), mended for prose in English, Korean and Japanese.
///
/// A blank line ends a sentence; a single line break does not. A full stop ends none after a known abbreviation, an initial or a bare
/// list number, nor inside a name such as `example.com`; a closing quotation mark ends none when a Japanese particle continues the
/// sentence (`「はい。」と言った。`).
public struct SentenceSegmenter: Sendable {
    /// A segmenter; it holds no state and costs nothing.
    public init() {}

    /// The sentences of `text`, in order.
    ///
    /// The ranges cover the text without gaps or overlaps: white space after a sentence belongs to it, and no range is white space only
    /// unless the whole text is. Empty text has no sentences. Takes time linear in the text, which may have up to 2 GiB.
    public func sentences(in text: String) -> [Range<String.Index>] {
        var start = text.startIndex
        var offset = 0
        return sentenceEnds(in: Array(text.utf8)[...]).map { end in
            let lower = start
            start = text.utf8.index(lower, offsetBy: end - offset)
            offset = end
            return lower..<start
        }
    }

    /// The same for a part of a text in UTF-8: where each sentence ends, as indices of `part`, the last one being its end.
    public func sentenceEnds(in part: ArraySlice<UInt8>) -> [Int] {
        var bytes = Array(part)
        LineBreaks.joinLines(of: &bytes)
        var ends: [Int] = []
        var start = 0
        // White space at the beginning is no sentence; each end that ICU proposes in it would read all of it again.
        let space = LineBreaks.leadingSpaceEnd(of: bytes[...])
        for end in Self.candidates(in: bytes) where end > space || end == bytes.count {
            guard SentenceEnd(of: bytes, from: start, at: end).isGenuine else { continue }
            // White space after a sentence that ICU cuts off (the further lines of a blank stretch) is the sentence's own.
            if !ends.isEmpty, LineBreaks.isBlank(bytes[start..<end]) { ends.removeLast() }
            ends.append(part.startIndex + end)
            start = end
        }
        return ends
    }

    /// The ends ICU proposes, as byte offsets in ascending order; the last one is the end of the text.
    private static func candidates(in bytes: [UInt8]) -> [Int] {
        bytes.withUnsafeBytes { buffer in
            let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            var sentences = bunko_icu_sentences()
            let isOpen = bunko_icu_sentences_open(start, Int64(buffer.count), &sentences)
            precondition(isOpen, "ICU's sentence rules are missing: install ICU's data library (libicu)")
            defer { bunko_icu_sentences_close(sentences) }
            var ends: [Int] = []
            while case let end = bunko_icu_sentences_next(sentences), end >= 0 {
                ends.append(OpeningBrackets.boundary(in: bytes, before: Int(end)))
            }
            return ends
        }
    }
}
