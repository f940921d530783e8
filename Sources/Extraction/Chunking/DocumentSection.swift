/// A heading and what stands below it up to the next heading of any level; or what stands before the first heading.
struct DocumentSection {
    /// The words of its heading; empty before the first heading and for a heading without words.
    let title: String
    /// The numbers of its blocks, its heading first.
    var blocks: Range<Int>
    /// The numbers of the sections it stands in, outermost first and itself last; empty before the first heading.
    let ancestry: [Int]

    /// The sections in source order; together they hold every block.
    static func sections(of blocks: [Block]) -> [DocumentSection] {
        var sections: [DocumentSection] = []
        var open: [(level: Int, section: Int)] = []
        for (index, block) in blocks.enumerated() {
            if case .heading(let level) = block.kind {
                while let last = open.last, last.level >= level { open.removeLast() }
                open.append((level, sections.count))
            } else if !sections.isEmpty {
                sections[sections.count - 1].blocks = sections[sections.count - 1].blocks.lowerBound..<(index + 1)
                continue
            }
            sections.append(DocumentSection(title: block.headingText ?? "", blocks: index..<(index + 1), ancestry: open.map(\.section)))
        }
        return sections
    }

    /// How many headings two sections have in common.
    func kinship(with other: DocumentSection) -> Int {
        zip(ancestry, other.ancestry).prefix { $0 == $1 }.count
    }

    /// Whether both stand under the same top heading, or both before the first heading.
    func sharesTop(with other: DocumentSection) -> Bool {
        ancestry.first == other.ancestry.first
    }
}
