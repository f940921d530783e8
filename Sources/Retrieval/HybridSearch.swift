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
    /// Whose vector it is.
    let model: String
    let partitions: [UUID]
    let ranking: Ranking
    /// Rows that are wanted in the end.
    let wanted: Int
    /// Rows that each of the two searches is asked for.
    var pool: Int
    var filter: RowFilter?
    /// Whether every vector is compared.
    var isExact = false
    /// Rows that may be found; nil: all.
    var allowed: Set<UUID>?

    init(text: String, vector: QueryVector?, of model: String, partitions: [UUID], ranking: Ranking, wanted: Int) {
        self.text = text
        self.vector = vector
        self.model = model
        self.partitions = partitions
        self.ranking = ranking
        self.wanted = wanted
        pool = min(max(wanted, Fusion.pool), Self.largestPool)
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

        fileprivate mutating func add(_ words: LexicalResponse, pool: Int) {
            arms.append(.lexical)
            hasMore = hasMore || words.hits.count == pool
            matched = max(matched, words.matched)
        }

        fileprivate mutating func add(_ response: SearchResponse, pool: Int) {
            arms.insert(.dense, at: 0)
            hasMore = hasMore || response.hits.count == pool
            (exact, probes, scanned, matched) = (response.exact, response.probes, response.scanned, response.matched)
        }
    }

    /// - Returns: nil while the indexes load, and when their vectors are another model's.
    func run(in mirror: KnowledgeMirror) throws -> Answer? {
        guard let indexes = mirror.ready else { return nil }
        if vector != nil, let held = indexes.model, held != model { return nil }
        var answer = Answer()
        var words: LexicalResponse?
        var similarities: [UUID: Float] = [:]
        let isFused = ranking == .fusion
        // A vector of hashed words finds what the words find: where they find enough, its cosines only put that in order.
        if vector == nil || (isFused && vector?.meaning == 0 && !isExact) {
            let found = lookUp(in: indexes.words, scoring: [])
            if vector == nil || found.hits.count >= wanted {
                words = found
                answer.add(found, pool: pool)
                answer.scanned = found.matched
            }
        }
        if let vector, words == nil {
            let response = try find(vector, in: indexes.vectors, of: mirror)
            answer.add(response, pool: pool)
            similarities = Dictionary(response.hits.map { ($0.id, $0.score) }, uniquingKeysWith: { first, _ in first })
            if ranking != .dense {
                let found = lookUp(in: indexes.words, scoring: Array(similarities.keys))
                words = found
                answer.add(found, pool: pool)
            }
        }
        let coverages = words?.coverages ?? [:]
        if isFused, let vector {
            let missing = coverages.keys.filter { similarities[$0] == nil }
            similarities.merge(
                try indexes.vectors.cosines(vector.besideWords, to: missing, in: partitions), uniquingKeysWith: { first, _ in first })
            if !answer.arms.contains(.dense) { answer.arms.insert(.dense, at: 0) }
        }
        let ceiling = isFused ? vector?.ceiling ?? 1 : 1
        let candidates = Set(similarities.keys).union(coverages.keys).map { id in
            Candidate(
                id: id, similarity: vector == nil ? nil : similarities[id].map { min(1, $0 / ceiling) } ?? (isFused ? 0 : nil),
                coverage: words == nil ? nil : coverages[id] ?? 0)
        }
        answer.ranked = Fusion(meaning: vector?.meaning ?? 0).ranked(candidates, by: ranking)
        return answer
    }

    private func lookUp(in words: LexicalIndex, scoring others: [UUID]) -> LexicalResponse {
        words.search(text, partitions: partitions, k: pool, filter: filter, allowed: allowed, scoring: others)
    }

    /// Beside words only what they do not tell is asked for.
    private func find(_ vector: QueryVector, in index: PartitionedIndex, of mirror: KnowledgeMirror) throws -> SearchResponse {
        var request = SearchRequest(vector: ranking == .fusion ? vector.besideWords : vector.alone, partitions: partitions, k: pool)
        request.filter = filter
        request.allowed = allowed
        if isExact { request.effort = .exact }
        return try mirror.search(request, in: index)
    }
}

extension LexicalResponse {
    /// Of the BM25 that a passage can have at most, 0…1, by id.
    fileprivate var coverages: [UUID: Float] {
        let all = scores.merging(hits.map { ($0.id, $0.score) }, uniquingKeysWith: { first, _ in first })
        return all.mapValues { $0 / max(limit, .leastNormalMagnitude) }
    }
}
