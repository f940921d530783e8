/// A heading and what stands below it up to the next heading of any level; or what stands before the first heading.
struct DocumentSection: Equatable {
    /// The numbers of its blocks, its heading first.
    let blocks: Range<Int>
    /// The numbers of the heading blocks it stands under, outermost first and its own last; empty before the first heading.
    let ancestry: [Int]

    /// How many headings two sections have in common.
    func kinship(with other: DocumentSection) -> Int {
        zip(ancestry, other.ancestry).prefix { $0 == $1 }.count
    }

    /// Whether both stand under the same top heading, or both before the first heading.
    func sharesTop(with other: DocumentSection) -> Bool {
        ancestry.first == other.ancestry.first
    }
}

/// The sections of a document in source order, found one after the other; together they hold every block.
struct DocumentSections: Sequence, IteratorProtocol {
    private let blocks: [Block]
    private var position = 0
    /// The headings that the next section stands under unless it closes them.
    private var open: [(level: Int, block: Int)] = []

    init(of blocks: [Block]) {
        self.blocks = blocks
    }

    mutating func next() -> DocumentSection? {
        guard position < blocks.count else { return nil }
        let first = position
        if let level = level(of: first) {
            while let last = open.last, last.level >= level { open.removeLast() }
            open.append((level, first))
        }
        repeat { position += 1 } while position < blocks.count && level(of: position) == nil
        return DocumentSection(blocks: first..<position, ancestry: open.map(\.block))
    }

    private func level(of block: Int) -> Int? {
        guard case .heading(let level) = blocks[block].kind else { return nil }
        return level
    }
}
