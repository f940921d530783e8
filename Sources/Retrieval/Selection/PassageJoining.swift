import Domain

extension ScoredPassage {
    /// This passage and one that follows it in its file as one, under the headings they share, with the better score; nil unless they
    /// follow each other.
    public func joined(to next: ScoredPassage) -> ScoredPassage? {
        guard let lastOrdinal, lastOrdinal + 1 == next.passage.ordinal, let passage = passage.joined(to: next.passage) else { return nil }
        var joined = score >= next.score ? self : next
        joined.passage = passage
        joined.passage.id = (score >= next.score ? self : next).passage.id
        joined.chunks = chunks + next.chunks
        joined.lastOrdinal = next.lastOrdinal
        joined.duplicates = duplicates + next.duplicates
        return joined
    }

    /// Makes one of passages that follow each other in a file; it has the place of the best of them.
    public static func joiningAdjacent(_ passages: [ScoredPassage]) -> [ScoredPassage] {
        let inFiles = passages.enumerated().filter { $1.passage.fileID != nil && $1.passage.ordinal != nil }
        let order = inFiles.sorted { first, second in
            let (a, b) = (first.element.passage, second.element.passage)
            guard a.fileID == b.fileID else { return (a.fileID?.description ?? "") < (b.fileID?.description ?? "") }
            return (a.ordinal ?? 0) < (b.ordinal ?? 0)
        }
        var places: [Int: ScoredPassage] = [:]
        var run: (place: Int, passage: ScoredPassage)?
        for (place, passage) in order {
            if let open = run, let joined = open.passage.joined(to: passage) {
                run = (min(open.place, place), joined)
            } else {
                if let run { places[run.place] = run.passage }
                run = (place, passage)
            }
        }
        if let run { places[run.place] = run.passage }
        for (place, passage) in passages.enumerated() where passage.passage.fileID == nil || passage.passage.ordinal == nil {
            places[place] = passage
        }
        return places.sorted { $0.key < $1.key }.map(\.value)
    }
}

extension Passage {
    /// The text of both, what they share once. White space between them, of which passages keep no record, becomes a line's end or an empty line.
    fileprivate func joined(to next: Passage) -> Passage? {
        guard let fileID, fileID == next.fileID, let charEnd, let nextStart = next.charStart, let nextEnd = next.charEnd else { return nil }
        var joined = self
        let shared = charEnd - nextStart
        switch shared {
        case 0...: joined.content.unicodeScalars.append(contentsOf: next.content.unicodeScalars.dropFirst(shared))
        case -1: joined.content += "\n" + next.content
        default: joined.content += "\n\n" + next.content
        }
        joined.headingPath = zip(headingPath, next.headingPath).prefix { $0 == $1 }.map(\.0)
        joined.charEnd = max(charEnd, nextEnd)
        joined.pageTo = next.pageTo ?? pageTo
        joined.tokenCount += next.tokenCount
        joined.tags += next.tags.filter { !tags.contains($0) }
        return joined
    }
}
