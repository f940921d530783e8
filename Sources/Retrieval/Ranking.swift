import Foundation
import LexicalIndex
import VectorIndex

/// How passages are ranked.
public enum Ranking: String, Sendable, Codable, CaseIterable {
    /// By vectors and words together, as ``Fusion`` has it.
    case fusion
    /// By vectors alone.
    case dense
    /// By words alone, with BM25.
    case lexical
    /// By reciprocal ranks (Cormack, Clarke and Büttcher, 2009), to be compared with.
    case rrf
}

/// A passage that one of the searches found, with what each makes of it.
struct Candidate {
    let id: UUID
    /// Of the cosine that a passage can have at most, up to 1, below 0 for opposite ones; nil where vectors were not compared.
    var similarity: Float?
    /// Of the BM25 that a passage can have at most, 0…1; nil where words were not looked for.
    var coverage: Float?
}

/// Puts what vectors and words tell of passages into one score.
///
/// The score of a passage is (c + w · m · s) / (1 + w · m): c is its BM25 by the most that any passage could have for the question, s its cosine by
/// the most that it could be, and m how much the question's vector tells beyond words. Both parts are absolute, so that where one
/// search has nothing good to offer (its best passages cover little of the question, or are hardly nearer than the rest) its ranks
/// count for as little. Where words were not looked for it is s, and without a vector c.
struct Fusion {
    /// How much a passage of the same meaning weighs against one with all of the words.
    static let weight: Float = 0.5
    /// What a vector that knows words alone weighs: enough to put passages in order that no word was found in.
    static let leastMeaning: Float = 0.02
    /// Passages that each search offers, at least.
    static let pool = 100

    /// 0…1; how much the question's vector tells beyond words.
    let meaning: Float

    func score(_ candidate: Candidate) -> Float {
        switch (candidate.coverage, candidate.similarity) {
        case (let coverage?, let similarity?):
            let weight = Self.weight * max(meaning, Self.leastMeaning)
            return (coverage + weight * max(0, similarity)) / (1 + weight)
        case (let coverage?, nil): return coverage
        case (nil, let similarity?): return similarity
        case (nil, nil): return 0
        }
    }

    /// The ids with their scores, 0…1, best first; of equal ones the smaller id.
    func ranked(_ candidates: [Candidate], by ranking: Ranking) -> [(id: UUID, score: Float)] {
        let scored: [(id: UUID, score: Float)] =
            switch ranking {
            case .fusion: candidates.map { ($0.id, score($0)) }
            case .dense: candidates.compactMap { candidate in candidate.similarity.map { (candidate.id, $0) } }
            case .lexical: candidates.compactMap { candidate in candidate.coverage.flatMap { $0 > 0 ? (candidate.id, $0) : nil } }
            case .rrf: Self.reciprocalRanks(candidates)
            }
        return Self.inOrder(scored).map { ($0.id, max(0, $0.score)) }
    }

    private static func inOrder(_ scored: [(id: UUID, score: Float)]) -> [(id: UUID, score: Float)] {
        scored.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }
    }

    /// Sums of 1 / (60 + rank), by the most that there can be.
    private static func reciprocalRanks(_ candidates: [Candidate]) -> [(id: UUID, score: Float)] {
        var scores: [UUID: Float] = [:]
        for part in [candidates.map { ($0.id, $0.similarity) }, candidates.map { ($0.id, $0.coverage) }] {
            let known = part.compactMap { id, score -> (id: UUID, score: Float)? in
                guard let score, score > 0 else { return nil }
                return (id, score)
            }
            for (rank, entry) in inOrder(known).prefix(pool).enumerated() { scores[entry.id, default: 0] += 61 / Float(2 * (61 + rank)) }
        }
        return scores.map { ($0.key, $0.value) }
    }
}
