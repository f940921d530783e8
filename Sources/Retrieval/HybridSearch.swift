import Embeddings
import Foundation
import LexicalIndex
import RowFilters
import VectorIndex

/// A search of some partitions by vectors and by words.
struct HybridSearch {
    /// Rows that each of the two searches may be asked for.
    static let largestPool = LexicalIndex.validK.upperBound

    let text: String
    /// Nil: words alone are looked for.
    let vector: QueryVector?
    let partitions: [UUID]
    let ranking: Ranking
    /// Rows that each of the two searches is asked for.
    var pool: Int
    var filter: RowFilter?
    /// Whether every vector is compared.
    var isExact = false
    /// Rows that may be found; nil: all.
    var allowed: Set<UUID>?

    init(text: String, vector: QueryVector?, partitions: [UUID], ranking: Ranking, pool: Int) {
        self.text = text
        self.vector = vector
        self.partitions = partitions
        self.ranking = ranking
        self.pool = min(pool, Self.largestPool)
    }

    struct Answer {
        /// Best first.
        var ranked: [(id: UUID, score: Float)] = []
        var arms: [SearchArm] = []
        /// Whether a search may have more rows than it was asked for.
        var hasMore = false
        var exact = true
        var probes = 0
        var scanned = 0
        var matched = 0
    }

    /// - Returns: nil while the indexes load.
    func run(in mirror: KnowledgeMirror) throws -> Answer? {
        guard let indexes = mirror.ready else { return nil }
        var answer = Answer()
        var similarities: [UUID: Float] = [:]
        // Beside words only what they do not tell is asked for.
        let isFused = ranking == .fusion
        if let vector {
            var request = SearchRequest(vector: isFused ? vector.besideWords : vector.alone, partitions: partitions, k: pool)
            request.filter = filter
            request.allowed = allowed
            if isExact { request.effort = .exact }
            guard let response = try mirror.search(request) else { return nil }
            for hit in response.hits { similarities[hit.id] = hit.score }
            answer.arms.append(.dense)
            answer.hasMore = response.hits.count == pool
            (answer.exact, answer.probes, answer.scanned, answer.matched) = (
                response.exact, response.probes, response.scanned, response.matched
            )
        }
        var coverages: [UUID: Float] = [:]
        if ranking != .dense {
            let response = indexes.words.search(
                text, partitions: partitions, k: pool, filter: filter, allowed: allowed, scoring: Array(similarities.keys))
            let scores = response.scores.merging(response.hits.map { ($0.id, $0.score) }, uniquingKeysWith: { first, _ in first })
            coverages = scores.mapValues { $0 / max(response.limit, .leastNormalMagnitude) }
            answer.arms.append(.lexical)
            answer.hasMore = answer.hasMore || response.hits.count == pool
            if vector == nil { (answer.scanned, answer.matched) = (response.matched, response.matched) }
        }
        if isFused, let vector {
            let missing = coverages.keys.filter { similarities[$0] == nil }
            similarities.merge(
                try indexes.vectors.cosines(vector.besideWords, to: missing, in: partitions), uniquingKeysWith: { first, _ in first })
        }
        let ceiling = isFused ? vector?.ceiling ?? 1 : 1
        let candidates = Set(similarities.keys).union(coverages.keys).map { id in
            Candidate(
                id: id, similarity: vector == nil ? nil : similarities[id].map { min(1, $0 / ceiling) } ?? (isFused ? 0 : nil),
                coverage: ranking == .dense ? nil : coverages[id] ?? 0)
        }
        answer.ranked = Fusion(meaning: vector?.meaning ?? 0).ranked(candidates, by: ranking)
        return answer
    }
}
