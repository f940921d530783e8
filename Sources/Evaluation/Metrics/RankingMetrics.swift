import Foundation

/// How well one question's ranking does, each from 0 to 1.
public struct RankingMetrics: Sendable, Equatable {
    /// Of the first ten: each answer's gain, 2^grade − 1, over log2(rank + 1), as a part of what the best ranking would have (Järvelin and
    /// Kekäläinen, 2002).
    public var ndcgAt10: Double
    /// Answers among the first k, as a part of as many as can stand there: min(k, all answers).
    public var recallAt5: Double
    public var recallAt10: Double
    /// One over the rank of the first answer, 0 when it is not among the first ten.
    public var reciprocalRankAt10: Double
    /// 1 when an answer is among the first k.
    public var hitAt1: Double
    public var hitAt5: Double
    public var hitAt10: Double

    /// - Parameters:
    ///   - ranking: ids of passages, best first, each once.
    ///   - judgements: by passage, how well it answers, 1 or more; at least one.
    public init(ranking: [String], judgements: [String: Int]) {
        let grades = ranking.prefix(10).map { judgements[$0] ?? 0 }
        let best = judgements.values.sorted(by: >).prefix(10)
        ndcgAt10 = Self.gain(grades) / Self.gain(Array(best))
        func recall(_ k: Int) -> Double { Double(grades.prefix(k).count { $0 > 0 }) / Double(min(k, judgements.count)) }
        func hit(_ k: Int) -> Double { grades.prefix(k).contains { $0 > 0 } ? 1 : 0 }
        (recallAt5, recallAt10) = (recall(5), recall(10))
        reciprocalRankAt10 = grades.firstIndex { $0 > 0 }.map { 1 / Double($0 + 1) } ?? 0
        (hitAt1, hitAt5, hitAt10) = (hit(1), hit(5), hit(10))
    }

    private static func gain(_ grades: [Int]) -> Double {
        grades.enumerated().reduce(0) { $0 + (exp2(Double($1.element)) - 1) / log2(Double($1.offset + 2)) }
    }

    /// The metrics by the names of reports, in their order.
    public static let all: [(name: String, value: @Sendable (RankingMetrics) -> Double)] = [
        ("ndcg@10", { $0.ndcgAt10 }), ("recall@5", { $0.recallAt5 }), ("recall@10", { $0.recallAt10 }),
        ("mrr@10", { $0.reciprocalRankAt10 }),
        ("hit@1", { $0.hitAt1 }), ("hit@5", { $0.hitAt5 }), ("hit@10", { $0.hitAt10 }),
    ]
}
