import Foundation

/// What an evaluation came to, as it is written to a file, and read again to be compared with.
public struct EvaluationReport: Codable, Sendable {
    /// One way of ranking: the means of the metrics by their names, and the interval of `ndcg@10`.
    public struct Arm: Codable, Sendable {
        public var metrics: [String: Double]
        /// By metric, the ends of its interval of 95 %.
        public var ci95: [String: [Double]]
        /// By question, what `ndcg@10` is.
        public var perQuestion: [String: Double]

        private enum Known: String, CaseIterable {
            case ci95
            case perQuestion = "per_question"
        }

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }

            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        /// - Parameter ids: of the questions, in the result's order.
        public init(_ result: ArmResult, questions ids: [String]) {
            metrics = Dictionary(uniqueKeysWithValues: RankingMetrics.all.map { ($0.name, result.mean($0.value)) })
            let interval = result.interval { $0.ndcgAt10 }
            ci95 = ["ndcg@10": [interval.lowerBound, interval.upperBound]]
            perQuestion = Dictionary(uniqueKeysWithValues: zip(ids, result.questions.map(\.ndcgAt10)))
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            ci95 = try container.decode([String: [Double]].self, forKey: Key(stringValue: Known.ci95.rawValue))
            perQuestion =
                try container.decodeIfPresent([String: Double].self, forKey: Key(stringValue: Known.perQuestion.rawValue)) ?? [:]
            metrics = [:]
            for key in container.allKeys where Known(rawValue: key.stringValue) == nil {
                metrics[key.stringValue] = try container.decode(Double.self, forKey: key)
            }
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            for (name, value) in metrics { try container.encode(value, forKey: Key(stringValue: name)) }
            try container.encode(ci95, forKey: Key(stringValue: Known.ci95.rawValue))
            try container.encode(perQuestion, forKey: Key(stringValue: Known.perQuestion.rawValue))
        }
    }

    /// What the index of vectors misses, apart from how its answers are ranked.
    public struct IndexLoss: Codable, Sendable {
        /// Of the ten nearest by exact search, the share that the index finds; nil where it was not measured.
        public var recallVsExact: Double?

        private enum CodingKeys: String, CodingKey {
            case recallVsExact = "recall_vs_exact"
        }

        public init(recallVsExact: Double?) {
            self.recallVsExact = recallVsExact
        }
    }

    public var dataset: String
    public var passages: Int
    public var questions: Int
    /// The embedding model.
    public var model: String?
    public var arms: [String: Arm]
    public var indexLoss: IndexLoss
    public var seconds: Double
    /// By fusion; nil where no such questions were asked.
    public var refusal: Refusal?

    private enum CodingKeys: String, CodingKey {
        case dataset, passages, questions, model, arms, seconds, refusal
        case indexLoss = "index_loss"
    }

    public init(
        dataset: String, passages: Int, questions: Int, model: String?, arms: [String: Arm], indexLoss: IndexLoss, seconds: Double
    ) {
        self.dataset = dataset
        self.passages = passages
        self.questions = questions
        self.model = model
        self.arms = arms
        self.indexLoss = indexLoss
        self.seconds = seconds
    }

    /// How much more `ndcg@10` one arm has than an arm of another report, over the questions of both: the interval of the mean, and how many
    /// they are; nil when there are none.
    public func difference(_ arm: String, from other: EvaluationReport, _ otherArm: String) -> (
        interval: ClosedRange<Double>, questions: Int
    )? {
        guard let ours = arms[arm]?.perQuestion, let theirs = other.arms[otherArm]?.perQuestion else { return nil }
        let differences = ours.keys.sorted().compactMap { id in theirs[id].map { (ours[id] ?? 0) - $0 } }
        return differences.isEmpty ? nil : (Bootstrap.interval(of: differences), differences.count)
    }
}
