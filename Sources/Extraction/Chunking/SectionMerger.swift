/// Decides which neighbouring sections are cut into passages together, so that none is needlessly small.
struct SectionMerger {
    let configuration: ChunkingConfiguration

    /// Ranges of unit numbers in source order, each of whole sections under one top heading; together all units.
    ///
    /// A section below the minimum joins the neighbour it has more headings in common with: a chapter's few lines of introduction go
    /// with its first section, a short last section with the one before it.
    func groups(of sections: [DocumentSection], units: [TextUnit]) -> [Range<Int>] {
        let parts = parts(of: units)
        var groups: [Range<Int>] = []
        var tokens = 0
        for (index, part) in parts.enumerated() {
            let joins =
                index > 0 && joins(part, to: parts[index - 1], of: tokens, next: index + 1 < parts.count ? parts[index + 1] : nil, sections)
            if joins, let last = groups.last {
                groups[groups.count - 1] = last.lowerBound..<part.units.upperBound
                tokens += part.tokens
            } else {
                groups.append(part.units)
                tokens = part.tokens
            }
        }
        return groups
    }

    /// The units of one section and their tokens.
    private struct Part {
        let section: Int
        var units: Range<Int>
        var tokens: Int
    }

    private func parts(of units: [TextUnit]) -> [Part] {
        var parts: [Part] = []
        for (index, unit) in units.enumerated() {
            if let last = parts.last, last.section == unit.section {
                parts[parts.count - 1].units = last.units.lowerBound..<(index + 1)
                parts[parts.count - 1].tokens += unit.tokens + unit.gapTokens
            } else {
                parts.append(Part(section: unit.section, units: index..<(index + 1), tokens: unit.tokens + unit.gapTokens))
            }
        }
        return parts
    }

    /// Whether `part` joins the group of `tokens` that ends with `previous`.
    private func joins(_ part: Part, to previous: Part, of tokens: Int, next: Part?, _ sections: [DocumentSection]) -> Bool {
        let section = sections[part.section]
        guard section.sharesTop(with: sections[previous.section]) else { return false }
        if tokens < configuration.minimumTokens { return true }
        guard part.tokens < configuration.minimumTokens else { return false }
        guard let next, section.sharesTop(with: sections[next.section]) else { return true }
        let isNearer = section.kinship(with: sections[previous.section]) >= section.kinship(with: sections[next.section])
        return isNearer && tokens + part.tokens <= configuration.targetTokens
    }
}
