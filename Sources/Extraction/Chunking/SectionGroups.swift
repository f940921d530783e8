/// Decides which neighbouring sections are cut into passages together, so that none is needlessly small.
///
/// Each group is one or more whole sections under one top heading; together the groups are all sections that have text. A section below
/// the minimum joins the neighbour it has more headings in common with: a chapter's few lines of introduction go with its first section,
/// a short last section with the one before it.
struct SectionGroups: Sequence, IteratorProtocol {
    private let input: ChunkingInput
    private var sections: DocumentSections
    /// The next section, if there is one, and the one after it.
    private var upcoming: [DocumentSection] = []

    init(_ input: ChunkingInput) {
        self.input = input
        sections = DocumentSections(of: input.document.blocks)
    }

    mutating func next() -> [DocumentSection]? {
        lookAhead()
        guard let first = upcoming.first else { return nil }
        var group = [take(first)]
        var size = tokens(of: first)
        while let section = upcoming.first {
            let added = tokens(of: section)
            guard joins(section, of: added, to: group[group.count - 1], of: size) else { break }
            group.append(take(section))
            size += added
        }
        return group
    }

    private mutating func take(_ section: DocumentSection) -> DocumentSection {
        upcoming.removeFirst()
        lookAhead()
        return section
    }

    private mutating func lookAhead() {
        while upcoming.count < 2, let section = sections.next() {
            if section.blocks.contains(where: input.isContent) { upcoming.append(section) }
        }
    }

    /// Whether the next section, of `added` tokens, joins the group of `size` tokens that ends with `previous`.
    private func joins(_ section: DocumentSection, of added: Int, to previous: DocumentSection, of size: Int) -> Bool {
        guard section.sharesTop(with: previous) else { return false }
        if size < input.configuration.minimumTokens { return true }
        guard added < input.configuration.minimumTokens else { return false }
        guard upcoming.count > 1, section.sharesTop(with: upcoming[1]) else { return true }
        let isNearer = section.kinship(with: previous) >= section.kinship(with: upcoming[1])
        return isNearer && size + added <= input.configuration.targetTokens
    }

    /// The tokens of a section. One with so many bytes that it is certainly no small one is not counted: that would be to read it twice.
    private func tokens(of section: DocumentSection) -> Int {
        guard let first = section.blocks.first(where: input.isContent), let last = section.blocks.last(where: input.isContent) else {
            return 0
        }
        let bytes = input.bytes(ofBlock: first).lowerBound..<input.bytes(ofBlock: last).upperBound
        return bytes.count > input.configuration.maximumTokens * 32 ? bytes.count / 32 : input.tokens(bytes)
    }
}
