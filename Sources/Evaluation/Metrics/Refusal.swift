/// How well the score of the best passage tells questions that the passages answer from questions that they do not.
public struct Refusal: Codable, Sendable {
    /// What a threshold does.
    public struct Step: Codable, Sendable {
        public let threshold: Double
        /// Of the questions that have an answer, the share that still gets passages.
        public let answered: Double
        /// Of those that have none, the share that gets nothing.
        public let refused: Double
    }

    /// Where the questions without an answer come from.
    public let strangers: String
    public let questions: Int
    /// The share of pairs of an answerable and an unanswerable question in which the answerable one has the better passage; half of equal ones
    /// (the area under the receiver's operating curve). 0.5 is chance.
    public let separation: Double
    /// By thresholds from 0.05 to 0.5.
    public let steps: [Step]

    /// - Parameters:
    ///   - own: the best score for each answerable question, at least one.
    ///   - strange: the same for each unanswerable one, at least one.
    public init(own: [Double], strange: [Double], from strangers: String) {
        self.strangers = strangers
        questions = strange.count
        let pairs = own.reduce(0.0) { sum, score in
            sum + strange.reduce(0) { $0 + ($1 < score ? 1 : $1 == score ? 0.5 : 0) }
        }
        separation = pairs / Double(own.count * strange.count)
        steps = (1...10).map { step in
            let threshold = Double(step) / 20
            return Step(
                threshold: threshold, answered: Self.share(own) { $0 >= threshold }, refused: Self.share(strange) { $0 < threshold })
        }
    }

    private static func share(_ scores: [Double], where condition: (Double) -> Bool) -> Double {
        Double(scores.count(where: condition)) / Double(scores.count)
    }
}
