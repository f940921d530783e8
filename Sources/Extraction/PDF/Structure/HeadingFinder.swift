/// Finds the headings of a document by the size of their text, their numbers and their capitals.
///
/// A wrong heading misnames all passages below it, a missed one costs little: what may be a sentence, a label or a caption stays text.
struct HeadingFinder {
    private let sizes: TextSizes
    /// For each kind of heading in use its level, the most important first.
    private var levels: [Rank: Int] = [:]

    private static let deepestLevel = 6
    private static let longest = 120

    /// What makes one heading more important than another: its size in buckets (0 for that of running text), then its number.
    private struct Rank: Hashable, Comparable {
        let size: Int
        let depth: Int

        static func < (first: Rank, second: Rank) -> Bool {
            (second.size, first.depth) < (first.size, second.depth)
        }
    }

    /// Looks at all pages. Linear.
    init(_ pages: [PageBlocks], sizes: TextSizes) {
        self.sizes = sizes
        let ranks = Set(pages.flatMap { $0.paragraphs.compactMap(rank) }).sorted()
        for (index, rank) in ranks.enumerated() { levels[rank] = min(index + 1, Self.deepestLevel) }
    }

    /// The level of the heading that a paragraph is, nil for any other.
    func level(of paragraph: PageParagraph) -> Int? {
        rank(of: paragraph).flatMap { levels[$0] }
    }

    private func rank(of paragraph: PageParagraph) -> Rank? {
        guard paragraph.lines.count <= 3, paragraph.marker != .bullet else { return nil }
        guard paragraph.lines.allSatisfy({ $0.gaps.isEmpty && !$0.isTurned }) else { return nil }
        let text = LineJoin().joined(paragraph.lines.map(\.text))
        guard Self.isTitle(text), paragraph.size >= 0.95 * sizes.body else { return nil }
        let depth = HeadingNumber.depth(of: text)
        if sizes.isLarge(paragraph.size) { return Rank(size: TextSizes.bucket(paragraph.size), depth: depth ?? 1) }
        guard paragraph.lines.count <= 2, !text.hasSuffix(":"), paragraph.gap.map({ $0 > 0.3 * paragraph.size }) ?? true else { return nil }
        if let depth { return Rank(size: 0, depth: depth) }
        if HeadingNumber.isChapter(text), paragraph.size >= 1.05 * sizes.body { return Rank(size: 0, depth: 2) }
        return Self.isInCapitals(text) ? Rank(size: 0, depth: 3) : nil
    }

    /// Short, with words, no box to tick, not beginning in the middle of a sentence nor ending like one.
    static func isTitle(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard scalars.count <= longest, let last = scalars.last, !".,;。、，；".unicodeScalars.contains(last) else { return false }
        let letters = text.count { $0.isLetter }
        guard letters >= 2, 2 * letters >= scalars.count, let first = text.first(where: \.isLetter) else { return false }
        if scalars.contains(where: { (0x2610...0x2612).contains($0.value) }) { return false }
        return !first.isLowercase
    }

    /// Two words or more, all in capitals.
    private static func isInCapitals(_ text: String) -> Bool {
        let letters = text.filter(\.isLetter)
        return letters.count >= 8 && letters.allSatisfy(\.isUppercase) && text.contains(" ") && !text.contains(where: \.isNumber)
    }
}
