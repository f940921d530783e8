import Domain
import Extraction
import Storage

extension UnfilledPassage {
    /// What was embedded of the passage when it was stored, and is again.
    ///
    /// The context of rows from before it was kept is put together anew: title and headings, but for those that stand on a line of their own in
    /// the content. It may repeat a heading that stands there with other marks.
    var embeddingText: String {
        if let context { return Chunk.embeddingText(of: content, in: context) }
        guard isCut else { return content }
        let shown = Set(content.split(separator: "\n").map(Self.withoutMarks))
        let path = (title.map { headingPath.first == $0 ? [] : [$0] } ?? []) + headingPath
        return Chunk.embeddingText(of: content, in: path.filter { !shown.contains(Self.withoutMarks($0[...])) }.joined(separator: " > "))
    }

    /// A line without what makes it a heading, or emphasises parts of it.
    private static func withoutMarks(_ line: Substring) -> String {
        let text = line.drop { $0 == "#" }.filter { !"*_`".contains($0) }
        return String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace || $0 == "#" }.reversed())
    }
}
