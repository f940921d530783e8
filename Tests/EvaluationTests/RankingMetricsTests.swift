import Evaluation
import Foundation
import Testing

@Suite struct RankingMetricsTests {
    private func value(_ metrics: RankingMetrics, _ name: String) throws -> Double {
        try #require(RankingMetrics.all.first { $0.name == name }).value(metrics)
    }

    @Test func aPerfectRankingHasOneEverywhere() throws {
        let metrics = RankingMetrics(ranking: ["a", "b", "x"], judgements: ["a": 1, "b": 1])
        for (name, value) in RankingMetrics.all { #expect(abs(value(metrics) - 1) < 1e-12, "\(name)") }
    }

    @Test func nothingFoundHasZeroEverywhere() {
        for ranking in [[], ["x", "y"]] {
            let metrics = RankingMetrics(ranking: ranking, judgements: ["a": 1])
            for (name, value) in RankingMetrics.all { #expect(value(metrics) == 0, "\(name)") }
        }
    }

    /// By hand: answers at ranks 2 and 7, three in all.
    @Test func valuesAreThoseOfTheirFormulae() throws {
        let metrics = RankingMetrics(
            ranking: ["x1", "a", "x2", "x3", "x4", "x5", "b", "x6"], judgements: ["a": 1, "b": 1, "c": 1])
        let ideal = 1 / log2(2.0) + 1 / log2(3.0) + 1 / log2(4.0)
        #expect(abs(try value(metrics, "ndcg@10") - (1 / log2(3.0) + 1 / log2(8.0)) / ideal) < 1e-12)
        #expect(abs(try value(metrics, "recall@5") - 1.0 / 3) < 1e-12)
        #expect(abs(try value(metrics, "recall@10") - 2.0 / 3) < 1e-12)
        #expect(try value(metrics, "mrr@10") == 0.5)
        #expect(try (value(metrics, "hit@1"), value(metrics, "hit@5"), value(metrics, "hit@10")) == (0, 1, 1))
    }

    @Test func whatStandsBehindTheTenthDoesNotCount() throws {
        let metrics = RankingMetrics(ranking: (0..<10).map { "x\($0)" } + ["a"], judgements: ["a": 1])
        for (name, value) in RankingMetrics.all { #expect(value(metrics) == 0, "\(name)") }
    }

    /// Of twenty answers ten can stand among the first ten.
    @Test func recallIsAPartOfWhatHasRoom() throws {
        let judgements = Dictionary(uniqueKeysWithValues: (0..<20).map { ("a\($0)", 1) })
        let metrics = RankingMetrics(ranking: (0..<10).map { "a\($0)" }, judgements: judgements)
        #expect(try value(metrics, "recall@10") == 1)
        #expect(abs(try value(metrics, "ndcg@10") - 1) < 1e-12)
    }

    @Test func betterGradesCountMore() throws {
        let judgements = ["good": 2, "fair": 1]
        let right = RankingMetrics(ranking: ["good", "fair"], judgements: judgements)
        let wrong = RankingMetrics(ranking: ["fair", "good"], judgements: judgements)
        #expect(right.ndcgAt10 == 1)
        #expect(abs(wrong.ndcgAt10 - (1 + 3 / log2(3.0)) / (3 + 1 / log2(3.0))) < 1e-12)
    }

    // MARK: - Intervals

    @Test func intervalsHoldTheMeanAndNarrowWithMoreQuestions() {
        let few = (0..<30).map { Double($0 % 2) }
        let many = (0..<3_000).map { Double($0 % 2) }
        let (wide, narrow) = (Bootstrap.interval(of: few), Bootstrap.interval(of: many))
        #expect(wide.contains(0.5) && narrow.contains(0.5))
        // The standard error of a coin is 0.5 / √n; 95 of 100 lie within 1.96 of it.
        #expect(abs((wide.upperBound - wide.lowerBound) - 2 * 1.96 * 0.5 / 30.0.squareRoot()) < 0.06)
        #expect(abs((narrow.upperBound - narrow.lowerBound) - 2 * 1.96 * 0.5 / 3_000.0.squareRoot()) < 0.006)
        #expect(Bootstrap.interval(of: few) == wide, "the same in every run")
        #expect(Bootstrap.interval(of: [0.25]) == 0.25...0.25)
    }

    /// Two arms that differ by 0.1 on every question: however much questions differ, that is no chance.
    @Test func differencesAreTakenQuestionByQuestion() {
        func arm(_ name: String, _ shift: Int) -> ArmResult {
            ArmResult(
                arm: name,
                questions: (0..<50).map { number in
                    RankingMetrics(ranking: (0..<(number % 5 + shift)).map { "x\($0)" } + ["a"], judgements: ["a": 1])
                })
        }
        let (better, worse) = (arm("fusion", 0), arm("dense", 1))
        let difference = better.difference(from: worse) { $0.reciprocalRankAt10 }
        #expect(difference.lowerBound > 0)
        #expect(difference.contains(better.mean(\.reciprocalRankAt10) - worse.mean(\.reciprocalRankAt10)))
    }
}
