import Domain

/// Passages around others in their files.
public struct Neighbors: Sendable {
    private struct Place: Hashable {
        let file: FileID
        let ordinal: Int
    }

    private var passages: [Place: Passage]

    /// None.
    public init() {
        passages = [:]
    }

    init(_ passages: [Passage]) {
        self.passages = passages.reduce(into: [:]) { known, passage in
            if let file = passage.fileID, let ordinal = passage.ordinal { known[Place(file: file, ordinal: ordinal)] = passage }
        }
    }

    /// Joins a passage with those around it, the one behind it first, and forgets these: no two passages get the same.
    /// - Parameters:
    ///   - reach: how many before and after it at most.
    ///   - isWanted: whether a longer passage may take the place of a shorter one; the first refusal on a side ends it.
    public mutating func extending(
        _ passage: ScoredPassage, by reach: Int, where isWanted: (_ shorter: ScoredPassage, _ longer: ScoredPassage) -> Bool
    ) -> ScoredPassage {
        var passage = passage
        for direction in [1, -1] {
            for _ in 0..<reach {
                let place = direction > 0 ? passage.lastOrdinal : passage.passage.ordinal
                guard let next = neighbor(passage.passage.fileID, place.map { $0 + direction }),
                    let joined = direction > 0 ? passage.joined(to: next) : next.joined(to: passage), isWanted(passage, joined)
                else { break }
                forget(next)
                passage = joined
            }
        }
        return passage
    }

    private mutating func forget(_ neighbor: ScoredPassage) {
        guard let file = neighbor.passage.fileID, let ordinal = neighbor.passage.ordinal else { return }
        passages[Place(file: file, ordinal: ordinal)] = nil
    }

    /// Its score is 0, so that a joined passage keeps its own.
    private func neighbor(_ file: FileID?, _ ordinal: Int?) -> ScoredPassage? {
        guard let file, let ordinal, let passage = passages[Place(file: file, ordinal: ordinal)] else { return nil }
        return ScoredPassage(passage: passage, score: 0)
    }

    /// Where the neighbours of passages are, each place once, without those of the passages themselves.
    static func places(around passages: [ScoredPassage], reach: Int) -> [(file: FileID, ordinal: Int)] {
        var taken: Set<Place> = []
        var wanted: Set<Place> = []
        for scored in passages {
            guard let file = scored.passage.fileID, let first = scored.passage.ordinal, let last = scored.lastOrdinal else { continue }
            for ordinal in first...last { taken.insert(Place(file: file, ordinal: ordinal)) }
            for step in 1...max(1, reach) {
                wanted.insert(Place(file: file, ordinal: first - step))
                wanted.insert(Place(file: file, ordinal: last + step))
            }
        }
        return wanted.subtracting(taken).filter { $0.ordinal >= 0 }.map { ($0.file, $0.ordinal) }
    }
}
