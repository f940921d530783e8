import Evaluation
import Foundation
import Testing

@Suite struct EvaluationReportTests {
    private func arm(_ ranks: [Int], ids: [String]) -> EvaluationReport.Arm {
        let questions = ranks.map { rank in
            RankingMetrics(ranking: (1...10).map { $0 == rank ? "answer" : "\($0)" }, judgements: ["answer": 1])
        }
        return .init(ArmResult(arm: "fusion", questions: questions), questions: ids)
    }

    private func report(_ ranks: [Int], ids: [String]) -> EvaluationReport {
        EvaluationReport(
            dataset: "a & b", passages: 3, questions: ranks.count, model: "m", arms: ["fusion": arm(ranks, ids: ids)],
            indexLoss: .init(recallVsExact: 0.5), seconds: 1)
    }

    @Test func aReportIsReadAsItWasWritten() throws {
        let written = report([1, 2, 11], ids: ["x", "y", "z"])
        let data = try JSONEncoder().encode(written)
        let told = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let fusion = try #require((told["arms"] as? [String: [String: Any]])?["fusion"])
        #expect(fusion["hit@1"] as? Double == 1.0 / 3 && fusion["hit@5"] as? Double == 2.0 / 3)
        #expect((told["index_loss"] as? [String: Double]) == ["recall_vs_exact": 0.5])
        let read = try JSONDecoder().decode(EvaluationReport.self, from: data)
        #expect(read.arms["fusion"]?.metrics == written.arms["fusion"]?.metrics)
        #expect(read.arms["fusion"]?.perQuestion == ["x": 1, "y": 1 / log2(3), "z": 0])
    }

    @Test func reportsAreComparedByTheQuestionsOfBoth() throws {
        let (former, now) = (report([2, 2, 1], ids: ["x", "y", "other"]), report([1, 1], ids: ["x", "y"]))
        let difference = try #require(now.difference("fusion", from: former, "fusion"))
        #expect(difference.questions == 2 && abs(difference.interval.lowerBound - (1 - 1 / log2(3))) < 1e-9)
        #expect(now.difference("fusion", from: report([1], ids: ["elsewhere"]), "fusion") == nil)
        #expect(now.difference("dense", from: former, "fusion") == nil)
    }

    @Test func aPictureHasABarForEachArmAndEscapesNames() {
        let svg = EvaluationPicture(report([1, 2], ids: ["x", "y"]), order: ["dense", "fusion"]).svg
        #expect(svg.contains(">a &amp; b: nDCG@10<") && svg.contains(">fusion<") && !svg.contains(">dense<"))
        #expect(svg.components(separatedBy: "fill=\"#2b6cb0\"").count == 2)
    }

    @Test func refusalsAreCountedByThreshold() throws {
        let refusal = Refusal(own: [0.9, 0.5, 0.2], strange: [0.5, 0.1], from: "others")
        // 0.9 beats both, 0.5 one and ties with the other, 0.2 one: 4.5 of 6.
        #expect(refusal.separation == 0.75 && refusal.questions == 2)
        let step = try #require(refusal.steps.first { $0.threshold == 0.25 })
        #expect(abs(step.answered - 2.0 / 3) < 1e-12 && step.refused == 0.5)
        #expect(refusal.steps.first?.answered == 1 && refusal.steps.last?.threshold == 0.5)
        #expect(refusal.steps.last?.answered == 2.0 / 3 && refusal.steps.last?.refused == 0.5, "a score at the threshold passes")
        let read = try JSONDecoder().decode(Refusal.self, from: JSONEncoder().encode(refusal))
        #expect(read.steps.count == 10 && read.strangers == "others")
    }

    @Test func aPassageBecomesMarkdownWithoutMarks() {
        let passage = RetrievalDataset.Passage(id: "p", title: "A\nB #1", text: "    *one* [two](x)\n1. <b>\n\n| a | b |")
        #expect(passage.markdown == "# A B \\#1\n\n\\*one\\* \\[two\\]\\(x\\)\n1\\. \\<b\\>\n\n\\| a \\| b \\|\n")
        #expect(RetrievalDataset.Passage(id: "p", title: "", text: "plain").markdown == "plain\n")
    }
}
